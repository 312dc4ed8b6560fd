from runtime.compiled import look_in_build

look_in_build(__path__, __name__)
