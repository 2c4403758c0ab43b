"""Where the labelled files lie, and what to say when they don't."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from contracts.platforms import Platform

HOW_TO_GET_THE_DATA = """\
No labelled data in {folder}.

The folder must hold x/*.csv.gz and/or instagram/*.csv.gz: one gzip CSV (UTF-8, comma, header) per source, one account
per row, any subset. Columns: platform, source, label (regular, bot, influencer or fake), row_id (16 hex digits of a
hash) and the facts that docs/model-card.md lists; an unknown value is empty, never 0.

Where the sets are (research use, cite them; licences stand in serving/models/NOTICE):
  x/cresci-2015-*, x/cresci-2017-*             Bot Repository, https://botometer.osome.iu.edu/bot-repository/datasets.html
  x/verified-2019, botwiki-2019, vendor-*      the same place: Yang et al., AAAI 2020
  x/celebrity-, stock-, feedback-, pronbots-,
    unmatched-37k-*                            https://huggingface.co/datasets/airt-ml/twitter-human-bots
                                               with the Bot Repository's label lists
  instagram/purba2020-*                        Purba et al., IJECE 2020; on Kaggle
  instagram/kim2020-influencers                Kim et al., WWW 2020; https://sites.google.com/site/sbkimcv/dataset
  instagram/kaggle-ig-*                        Kaggle free4ever1, "Instagram fake spammer genuine accounts"
  instagram/instafake-*                        https://github.com/fcakyon/instafake-dataset
                                               (non-commercial: never trains weights that ship)
"""


class NoData(Exception):  # noqa: N818 - it says what is lacking.
    """The folder holds no labelled file; the message says where to get each set and how to lay it out."""

    def __init__(self, folder: Path) -> None:
        super().__init__(HOW_TO_GET_THE_DATA.format(folder=folder))
        self.folder = folder


def find_files(folder: Path) -> Sequence[Path]:
    """Every labelled file below `folder`, in a fixed order; raises NoData when there is none."""
    files = [path for platform in Platform for path in sorted((folder / platform.value).glob("*.csv.gz"))]
    if not files:
        raise NoData(folder)
    return files
