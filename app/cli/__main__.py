"""`python -m app.cli`: the `braid` command."""

from app.cli.main import main

if __name__ == "__main__":
    main()
