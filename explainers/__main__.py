"""The command line: `python -m explainers --help`."""

from explainers.command_line import main
from explainers.interruption import raise_again

if __name__ == "__main__":
    raise_again()
    main(prog_name="python -m explainers")
