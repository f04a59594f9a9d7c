"""Write the dashboards: ``python -m dashboards``."""

from dashboards.catalogue import FOLDER, rendered

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in rendered().items():
        (FOLDER / name).write_text(text)
