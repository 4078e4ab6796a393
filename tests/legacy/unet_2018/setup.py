from setuptools import find_packages, setup

setup(name="unet", packages=find_packages(), install_requires=["keras>=2.1", "tensorflow"],
      python_requires=">=3.5")
