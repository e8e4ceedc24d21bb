"""The network core of nRF5340: the `core` itself, the `path` of its updates, the block in RAM that orders one (`pcd`).

`predicates` is what a claim may ask of it.
"""
