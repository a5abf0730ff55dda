"""Issued reports, and who may ask the gateway for what. The only package for others to import."""

from services.organisation.contract.words import NAME as NAME

from .permits import *
from .report import *
