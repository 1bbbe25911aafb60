// Which blocks may share one piece of code, and which weights a block needs.
#include "compiler/spec/Spec.h"
#include "tests/unit/Check.h"

#include <cstdlib>
#include <fstream>

using namespace ashlar;

namespace {

constexpr const char *Head = R"(model m for ["m"] {
  weight table[16, 8] = "table"
  block embed(ids) -> x { return embed(ids, table) }
)";

/// The model of a spec that reads nothing from its config.
Model modelOf(const std::string &items) {
  char directory[] = "/tmp/ashlar-unit-XXXXXX";
  if (!mkdtemp(directory))
    std::abort();
  std::string file = std::string(directory) + "/config.json";
  std::ofstream(file) << "{}";
  Diagnostics diags(llvm::nulls()); // unused weights are warned about
  std::optional<Config> config = readConfig(directory, {}, diags);
  std::optional<spec::File> spec = parseSpec(diags.add("test.ash", Head + items + "}"), diags);
  std::optional<Model> model = config && spec ? ashlar::check(*spec, *config, diags) : std::nullopt;
  remove(file.c_str());
  rmdir(directory);
  if (!model)
    std::abort();
  return std::move(*model);
}

/// Whether the two last blocks of a spec have the same shape.
bool lastTwoAlike(const Model &model) {
  size_t count = model.blocks.size();
  return sameShape(model, model.blocks[count - 2], model.blocks[count - 1]);
}

// Two layers with a block of the same name in each; `second` differs in what it is given.
Model twoLayers(const std::string &first, const std::string &second) {
  std::string weights = "weight a[8, 8] = \"a\"; weight b[8, 8] = \"b\"; weight n[8] = \"n\"\n";
  return modelOf("each p i in 0..1 \"p.{i}\" { " + weights + first +
                 " }\n each q i in 0..1 \"q.{i}\" { " + weights + second + " }\n");
}

std::string block(const std::string &body) { return "block f(x) -> x { return " + body + " }"; }

} // namespace

TEST(layersThatDifferInTheirPlacesShareCode) {
  CHECK(
      lastTwoAlike(twoLayers(block("linear(linear(x, a), b)"), block("linear(linear(x, a), b)"))));
}

TEST(numbersThatCodeHoldsAreCompared) {
  CHECK(!lastTwoAlike(twoLayers(block("rmsnorm(x, n, 1e-5)"), block("rmsnorm(x, n, 1e-6)"))));
  CHECK(!lastTwoAlike(twoLayers(block("x + x"), block("x * x"))));
  CHECK(!lastTwoAlike(twoLayers(block("linear(x, a) + x"), block("x + linear(x, a)"))));
}

TEST(oneWeightUsedTwiceIsNotTwoWeights) {
  CHECK(
      !lastTwoAlike(twoLayers(block("linear(linear(x, a), b)"), block("linear(linear(x, a), a)"))));
}

TEST(aResultThatOverwritesAnInputIsAnotherShape) {
  Model model =
      modelOf("each p i in 0..1 \"p.{i}\" { block f(x) -> x { y = silu(x); return y } }\n"
              "each q i in 0..1 \"q.{i}\" { block f(x) -> z { y = silu(x); return y } }\n");
  CHECK(!lastTwoAlike(model));
}

TEST(typesOfWeightsAreComparedAsStored) {
  Model model = twoLayers(block("linear(x, a)"), block("linear(x, a)"));
  CHECK(lastTwoAlike(model));
  for (Weight &weight : model.weights)
    if (weight.name == "qs.0.a")
      weight.type = DataType::BF16;
  CHECK(!lastTwoAlike(model));
}

TEST(weightsInOrderOfFirstUseAndAsStored) {
  Model model = modelOf("weight b[8, 8] = \"b.weight\" bias true; weight n[8] = \"n\"\n"
                        "weight head[16, 8] = \"head\" tied to table\n"
                        "block f(x) -> y { h = rmsnorm(linear(x, b), n, 0)\n"
                        "  return linear(h, head) + linear(linear(h, b), table) }");
  std::string names;
  for (WeightId id : weightsOf(model, model.blocks.back()))
    names += model.weight(id).name + " ";
  CHECK_EQ(names, std::string("b b_bias n table "));
}

TEST(digestFollowsWhatIsComputed) {
  auto of = [](const std::string &eps) {
    return digest(twoLayers(block("rmsnorm(x, n, " + eps + ")"), block("silu(x)")));
  };
  CHECK_EQ(of("1e-5"), of("0.00001"));
  CHECK(of("1e-5") != of("1.0000000000000002e-5"));
}

TEST(SpecsAreSmall) {
  std::string messages;
  llvm::raw_string_ostream out(messages);
  Diagnostics diags(out);
  CHECK(!parseSpec(diags.add("test.ash", std::string((1 << 20) + 1, ' ')), diags));
  CHECK(messages.find("a spec of 1048577 bytes; at most 1048576 are read") != std::string::npos);
}
