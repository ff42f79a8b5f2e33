"""The pieces of random networks, by what makes them unusual."""

from tools.fuzz_networks.pieces.folded import FOLDED
from tools.fuzz_networks.pieces.functions import FUNCTIONS
from tools.fuzz_networks.pieces.moody import MOODY
from tools.fuzz_networks.pieces.normalised import NORMALISED
from tools.fuzz_networks.pieces.reshaped import RESHAPED
from tools.fuzz_networks.pieces.sequential import SEQUENTIAL
from tools.fuzz_networks.pieces.shared import SHARED

FAMILIES = (FOLDED, FOLDED, SHARED, NORMALISED, RESHAPED, FUNCTIONS, SEQUENTIAL, MOODY)  # folded ones twice as often
