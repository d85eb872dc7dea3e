"""The program's entry. gevent takes over the standard library here, before anything imports it."""

from gevent import monkey

monkey.patch_all()


def main() -> None:
    """Run the command line."""
    from adapter.cli import app  # only after the patch

    app()


if __name__ == "__main__":
    main()
