"""Rows of operators that no model may use, each with the reason and what to do instead."""

from collections.abc import Iterator

from precompiles.models.table.operator import Operator, Rule, share


def _refuse(names: str, why: str, remedy: str, domain: str = "") -> Iterator[Operator]:
    return share(names, Operator(Rule.REFUSED, "", "", why, remedy=remedy, domain=domain))


def _refuse_classic(names: str, remedy: str) -> Iterator[Operator]:
    return _refuse(names, "of ai.onnx.ml only tree ensembles are run", remedy, "ai.onnx.ml")


REFUSED: tuple[Operator, ...] = (
    *_refuse(
        "If Loop Scan SequenceMap",
        "control flow: the work of a run is not known before it",
        "unroll it before export; for a choice between values use Where",
    ),
    *_refuse(
        "Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike",
        "random: its generator lives in the session, so a result depends on earlier calls",
        "feed the random numbers as an input",
    ),
    *_refuse(
        "Compress NonMaxSuppression NonZero Unique",
        "the size of its result depends on the data",
        "keep every element and mark those that count (Where)",
    ),
    *_refuse(
        "ConcatFromSequence SequenceAt SequenceConstruct SequenceEmpty SequenceErase "
        "SequenceInsert SequenceLength SplitToSequence",
        "sequences have no static shape",
        "use Concat, Split or Gather on tensors",
    ),
    *_refuse(
        "Optional OptionalGetElement OptionalHasElement",
        "optional values have no static shape",
        "export without optional inputs",
    ),
    *_refuse(
        "RegexFullMatch StringConcat StringNormalizer StringSplit TfIdfVectorizer",
        "text is not a tensor of numbers",
        "turn text into integers outside the model",
    ),
    *_refuse(
        "AffineGrid",
        "the runtime writes it out with control flow",
        "feed the grid, or store it as a constant",
    ),
    *_refuse("ImageDecoder", "the runtime has no kernel for it", "feed decoded pixels"),
    *_refuse("DeformConv", "reads wherever its data points", "use Conv"),
    *_refuse("GlobalLpPool", "the runtime lacks a kernel in opset 22", "use ReduceL2"),
    *_refuse(
        "MaxRoiPool RoiAlign",
        "the work of a run depends on the regions in its data",
        "crop with constant bounds (Slice)",
    ),
    *_refuse(
        "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss",
        "a training loss",
        "export for inference, without the loss",
    ),
    *_refuse(
        "STFT",
        "ONNX and the runtime do not agree on the shape of its result",
        "cut the signal into frames (Slice, Concat) and use DFT",
    ),
    *_refuse_classic("ArrayFeatureExtractor LabelEncoder", "use Gather"),
    *_refuse_classic("Binarizer", "use Greater and Cast"),
    *_refuse_classic("CastMap CategoryMapper DictVectorizer", "encode it outside the model"),
    *_refuse_classic("FeatureVectorizer", "use Concat"),
    *_refuse_classic("Imputer", "use IsNaN and Where"),
    *_refuse_classic("LinearClassifier", "use Gemm, then Sigmoid or Softmax, then ArgMax"),
    *_refuse_classic("LinearRegressor", "use Gemm"),
    *_refuse_classic("Normalizer", "use LpNormalization"),
    *_refuse_classic("OneHotEncoder", "use OneHot, or Equal and Cast"),
    *_refuse_classic("SVMClassifier SVMRegressor", "write the kernel out with MatMul and Exp"),
    *_refuse_classic("Scaler", "use Sub and Mul"),
    *_refuse_classic("ZipMap", "leave it out (skl2onnx: options={'zipmap': False})"),
    *_refuse("Scatter", "withdrawn from ONNX in opset 11", "use ScatterElements"),
    *_refuse("Upsample", "withdrawn from ONNX in opset 10", "use Resize"),
)
