"""Data that the package does not ship: measured files, and sets of images that ``cosim data get`` fetches."""

from cosim.datasets.folders import data_file, data_folder
from cosim.datasets.images import Images, Part, available, load

__all__ = ["Images", "Part", "available", "data_file", "data_folder", "load"]
