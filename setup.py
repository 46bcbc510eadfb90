"""The sample traces lie in data/, beside the package, and come with the wheel as specbench.sample_data."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["specbench*"]), "specbench.sample_data"],
    package_dir={"specbench.sample_data": "data"},
)
