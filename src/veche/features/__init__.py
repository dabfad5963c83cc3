"""The features: one file per family of commands, with all that belongs to it. `veche.app.features` lists them."""
