"""The command line: `python -m explainers --help`."""

from explainers.command_line import main

if __name__ == "__main__":
    main(prog_name="python -m explainers")
