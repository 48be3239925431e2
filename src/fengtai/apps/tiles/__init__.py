"""The customer's own map: tiles brought in from a file of theirs, checked one by one, and kept as one file of ours.

`tile_sources` reads what is brought (PMTiles, MBTiles, a folder), `tile_checks` judges each tile, `tile_book` is the file
that the platform serves from, `bringing_in` joins them. Nothing here is the business: the map is a backdrop (ADR 0041).
"""
