// What no plan text can show: indices that point nowhere, names that are used twice, and that no
// damaged text crashes the reader or the verifier.
#include "compiler/plan/Plan.h"
#include "tests/unit/Check.h"

#include <functional>

using namespace ashlar;
using namespace ashlar::plan;

static const char *const smallPlan = R"(ashlar plan 1
model small digest=00 layers=1 hidden=8 vocab=16 context=8 batch=1 chunk=2 end=[1]
workload prompt=1 generate=1
machine desk
memory host capacity=4096 peak=1216 slack=2880
  region host.weights offset=0 size=512
  region host.kv offset=512 size=256
  region host.activations offset=768 size=448
processor cpu kind=cpu memory=host threads=1 isa=[]
frame stream region=host.activations offset=0 size=64 streams
  value x rows=2 columns=8 offset=0 size=64 live=0..0
frame block region=host.activations offset=64 size=384
  value a rows=2 columns=8 offset=0 size=64 live=0..2
  value b rows=2 columns=8 offset=0 size=64 live=2..3 in-place
unit embed kind=embed bytes=0 home=host decode=cpu prefill=cpu state=resident reads=[ids] writes=x reason=""
  shares w
unit block kind=block layer=0 bytes=512 home=host decode=cpu prefill=cpu state=resident frame=block reads=[x] writes=x reason="\"\\\n"
  weight w tensor="w [8, 8]" type=bf16 layout=panels rows=8 columns=8 region=host.weights offset=0 size=512
  cache type=f16 heads=1 context=8 dim=8 keys=host.kv+0 values=host.kv+128 size=128
schedule load
  read block to=host.weights+0 pack=4096 bytes=512
schedule prefill tokens=2
  run embed on=cpu after=[]
  run block on=cpu after=[embed]
schedule decode tokens=1
  run embed on=cpu after=[]
  run block on=cpu after=[embed]
predict prefill ns=3 bound_ns=2 gap=0.500 bottleneck="cpu"
predict decode ns=1 bound_ns=0 gap=unknown bottleneck="cpu"
end units=2 weights=1 values=3 steps=5 bytes=512
)";

static std::optional<Plan> parse(llvm::StringRef text) {
  llvm::raw_null_ostream nowhere;
  Diagnostics diags(nowhere);
  std::optional<Plan> plan = parsePlan(diags.add("small.plan", text), diags);
  CHECK_EQ(diags.failed(), !plan);
  return plan;
}

TEST(readsWhatItPrints) {
  std::optional<Plan> plan = parse(smallPlan);
  CHECK(plan.has_value());
  if (!plan)
    return;
  CHECK_EQ(text(*plan), std::string(smallPlan));
  CHECK(verify(*plan).empty());
  CHECK_EQ(plan->endTokens.front(), 1);
  CHECK_EQ(plan->units[1].reason, std::string("\"\\\n"));
  CHECK_EQ(plan->address(plan->units[1].cache->values), 640u);
  CHECK(plan->phase("load") == &plan->phases[0]);
  CHECK(plan->phase("forward") == nullptr);
}

/// The only violation of the plan after a change.
static std::string broken(const std::function<void(Plan &)> &change) {
  Plan plan = *parse(smallPlan);
  change(plan);
  std::string texts;
  for (const Violation &violation : verify(plan))
    texts += (texts.empty() ? "" : "; ") + violation.text;
  return texts;
}

TEST(indicesPointSomewhere) {
  CHECK_EQ(broken([](Plan &p) { p.processors[0].memory = 1; }),
           std::string("processor cpu computes from memory 1 of 1"));
  CHECK_EQ(broken([](Plan &p) { p.frames[0].place.region = 3; }),
           std::string("frame stream is in region 3 of 3 of memory host"));
  CHECK_EQ(broken([](Plan &p) { p.units[0].home = ~0u; }),
           std::string("home of unit embed is memory 4294967295 of 1"));
  CHECK_EQ(broken([](Plan &p) { p.units[0].decode = 1; }),
           std::string("unit embed decodes on processor 1 of 1"));
  CHECK_EQ(broken([](Plan &p) { p.units[0].prefill = 1; }),
           std::string("unit embed prefills on processor 1 of 1"));
  CHECK_EQ(broken([](Plan &p) { p.units[1].frame = 2; }),
           std::string("unit block has frame 2 of 2"));
  CHECK_EQ(broken([](Plan &p) { p.units[1].weights[0].place.memory = 1; }),
           std::string("weight w is in memory 1 of 1"));
  CHECK_EQ(broken([](Plan &p) { p.units[1].cache->keys.memory = 1; }),
           std::string("key cache of unit block is in memory 1 of 1"));
  CHECK_EQ(broken([](Plan &p) { p.phases[0].steps[0].to.region = 9; }),
           std::string("a read of phase load is in region 9 of 3 of memory host"));
  CHECK_EQ(broken([](Plan &p) {
             p.phases[0].steps[0].kind = StepKind::Copy;
             p.phases[0].steps[0].from.memory = 1;
           }),
           std::string("a copy of phase load is in memory 1 of 1"));
  CHECK_EQ(broken([](Plan &p) {
             p.phases[1].steps[0].kind = StepKind::Send;
             p.phases[1].steps[0].toMemory = 1;
           }),
           std::string("a send of phase prefill names memory 1 of 1"));
  CHECK_EQ(broken([](Plan &p) {
             p.units[0].slots.push_back({2, {0, 0, 0}});
           }),
           std::string("a slot of unit embed is of unit 2 of 2"));
  CHECK_EQ(broken([](Plan &p) {
             p.units[0].slots.push_back({1, {0, 3, 0}});
           }),
           std::string("a slot of unit embed is in region 3 of 3 of memory host"));
  CHECK_EQ(broken([](Plan &p) { p.phases[1].steps[0].unit = 2; }),
           std::string("a step of phase prefill is of unit 2 of 2"));
  CHECK_EQ(broken([](Plan &p) { p.phases[1].steps[1].after[0] = 2; }),
           std::string("a step of phase prefill waits for unit 2 of 2"));
  CHECK_EQ(broken([](Plan &p) { p.phases[2].steps[0].processor = 1; }),
           std::string("a step of phase decode runs on processor 1 of 1"));
}

// What a model that reads rows has not, and its plan's text cannot say.
TEST(rowsAreNoSequence) {
  std::string texts = broken([](Plan &p) {
    p.forward = true;
    p.processors.push_back({"second", "emulated", 0, 1, {}});
    p.units[0].prefill = 1;
  });
  for (const char *text :
       {"the model reads rows, but the plan has a context, a vocabulary or a batch",
        "the model reads rows, but unit block has a cache",
        "the model reads rows, but unit embed names two processors"})
    CHECK(llvm::StringRef(texts).contains(text));
}

// Text refers by name: a plan whose names are not unique would be read back as another.
TEST(namesAreUnique) {
  CHECK_EQ(broken([](Plan &p) {
             p.memories.push_back({"host", Bytes(0), Bytes(0), {}});
           }),
           std::string("two memories have the name host"));
  CHECK_EQ(broken([](Plan &p) { p.memories[0].regions[1].name = "host.weights"; }),
           std::string("two regions have the name host.weights"));
  CHECK_EQ(broken([](Plan &p) {
             p.processors.push_back(p.processors[0]);
             p.processors[1].kind = "emulated";
           }),
           std::string("two processors have the name cpu"));
  CHECK_EQ(broken([](Plan &p) { p.frames[1].values[1].name = "a"; }),
           std::string("two values of frame block have the name a"));
  CHECK_EQ(broken([](Plan &p) { p.units[0].name = "block"; }),
           std::string("two units have the name block"));
  CHECK_EQ(broken([](Plan &p) { p.phases.push_back(p.phases[2]); }),
           std::string("two phases have the name decode"));
}

// A frame of its own for every kind of block: they share bytes, but not with the stream's.
TEST(framesOfBlocksShareBytes) {
  CHECK_EQ(broken([](Plan &p) {
             p.frames.push_back(p.frames[1]);
             p.frames[2].name = "other";
             p.units[0].frame = 2;
           }),
           std::string());
}

TEST(sizesDoNotWrapAround) {
  uint64_t most = ~uint64_t(0);
  CHECK_EQ(
      broken([&](Plan &p) { p.units[1].weights[0].place.offset = most - 63; }),
      std::string("weight w (bytes 18446744073709551552..2^64+447) lies beyond region "
                  "host.weights of 512 bytes; read of unit block brings bytes 0..511 of region "
                  "host.weights, but its weights are bytes "
                  "18446744073709551552..2^64+447"));
  CHECK_EQ(broken([&](Plan &p) { p.frames[1].values[0].columns = most; }),
           std::string("value a of frame block has 64 bytes, but [2, 18446744073709551615] of f32 "
                       "needs more than 64 bits can count"));
}

// Every byte of a plan replaced, and the plan cut at every byte: what is still a plan is printed
// and read again, all else is refused.
TEST(damagedTextIsReadOrRefused) {
  const std::string whole = smallPlan;
  size_t read = 0;
  auto tryText = [&](const std::string &damaged) {
    if (std::optional<Plan> plan = parse(damaged)) {
      ++read;
      verify(*plan);
      std::string printed = text(*plan);
      std::optional<Plan> again = parse(printed);
      CHECK(again && text(*again) == printed);
    }
  };
  for (size_t at = 0; at < whole.size(); ++at) {
    for (char c : llvm::StringRef("\0\n \"\\[]=+.9-\xff", 13)) {
      std::string damaged = whole;
      damaged[at] = c;
      tryText(damaged);
    }
    CHECK(!parse(whole.substr(0, at)) || at + 1 == whole.size());
  }
  CHECK(read > 0);
}
