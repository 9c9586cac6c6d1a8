"""The optimizers of other marketing mix libraries, written anew from their published descriptions, on one problem."""
