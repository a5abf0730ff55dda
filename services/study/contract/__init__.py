"""What study takes, tells and shows: one module for each kind of record. The only package that others may import."""

from . import permits
from .attendance import *
from .branch_plan import *
from .contest import *
from .coverage import *
from .distinct import *
from .duty import *
from .essay import *
from .excuse import *
from .figures import *
from .joint_sheets import *
from .lecture import *
from .material import *
from .notice import *
from .pair import *
from .permits import *
from .plan import *
from .programme import *
from .reported import *
from .resources import *
from .session import *
from .sheets import *
from .supervision import *
from .words import *

SHEETS = permits.SHEETS
