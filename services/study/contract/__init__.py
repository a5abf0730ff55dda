"""What study takes, tells and shows: one module for each kind of record. The only package that others may import."""

from .attendance import *
from .coverage import *
from .distinct import *
from .essay import *
from .excuse import *
from .lecture import *
from .session import *
from .sheets import *
from .words import *
