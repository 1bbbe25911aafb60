#include "compiler/place/Units.h"

#include "compiler/spec/OnTheWay.h"
#include "compiler/support/CacheType.h"
#include "runtime/Step.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <set>

namespace ashlar {

static constexpr uint64_t WeightAlignment = 64;
static constexpr double MostBytes = double(uint64_t(1) << 60); // sums of sizes below cannot wrap
static constexpr uint64_t AttendRows = 32; // of queries that the kernel computes together

/// The type that most of the checkpoint's matrices have: what `--kv-dtype` defaults to.
static DataType checkpointType(const Model &model) {
  std::map<DataType, uint64_t> elements;
  for (const Weight &weight : model.weights)
    if (weight.shape.size() == 2 && !weight.tiedTo)
      elements[weight.type] += weight.shape[0] * weight.shape[1];
  DataType best = DataType::F32;
  for (auto [type, count] : elements)
    if (count > elements[best])
      best = type;
  return best;
}

namespace {
/// The tokens of one step.
struct Tokens {
  uint64_t sequences = 1;
  uint64_t each = 1;   // of every sequence
  uint64_t length = 0; // the position of the last of them
};
} // namespace

static Work work(const Model &model, const Op &op, const Block &block,
                 const std::map<WeightId, StoredWeight> &stored, const CacheShape *cache,
                 Tokens tokens) {
  Work w;
  const Value &result = block.values[index(op.result)];
  uint64_t rows = tokens.sequences * (result.lastOnly ? 1 : tokens.each);
  if (op.kind == OpKind::Linear) {
    const StoredWeight &weight = stored.at(model.stored(*op.weight));
    w.kernel = Kernel::Linear;
    w.type = weight.type;
    w.read = weight.size;
    w.flops = 2.0 * double(weight.rows) * double(weight.columns) * double(rows);
  } else if (op.kind == OpKind::Attend) {
    w.kernel = Kernel::Attend;
    w.type = cache->type;
    // A block of tokens reads the keys and values before it together.
    double positions = double(tokens.length) - double(tokens.each - 1) / 2;
    if (op.window)
      positions = std::min(positions, double(op.window));
    double sequences = double(tokens.sequences);
    double row = double(cache->heads * 2 * *cacheRowBytes(cache->type, cache->dim));
    uint64_t together = std::max<uint64_t>(1, AttendRows * op.kvHeads / op.heads);
    uint64_t times = (tokens.each + together - 1) / together;
    w.read = Bytes(uint64_t(sequences * double(times) * positions * row));
    w.flops = 4.0 * sequences * double(tokens.each) * positions * double(op.heads * op.headDim);
  } else {
    uint64_t columns = result.columns;
    for (ValueId input : op.inputs)
      columns += block.values[index(input)].columns;
    w.read = Bytes(rows * columns * sizeof(float));
    w.flops = double(rows) * double(columns);
  }
  return w;
}

/// The rate for a piece of work when a whole step touches `touched` bytes: the narrowest that
/// still holds.
static const KernelRate *rateFor(const Processor &processor, const Work &work, Bytes touched) {
  const KernelRate *best = nullptr;
  for (const KernelRate &rate : processor.rates) {
    if (rate.kernel != work.kernel || rate.type != work.type || rate.provider != work.provider)
      continue;
    if (rate.within.value != 0 && rate.within < touched)
      continue;
    if (!best || best->within.value == 0 || (rate.within.value != 0 && rate.within < best->within))
      best = &rate;
  }
  if (best || work.provider == Provider::Native)
    return best;
  Work native = work; // of a library that was not measured, nothing better is known
  native.provider = Provider::Native;
  return rateFor(processor, native, touched);
}

static Nanos time(const KernelRate &rate, const Work &work) {
  double seconds =
      std::max(double(work.read.value) / rate.read.perSecond, work.flops / rate.compute.perSecond);
  return rate.latency + nanos(seconds);
}

bool roundsToBF16(const Machine &machine, const Request &request) {
  return request.products != DataType::F32 && multipliesBF16(machine.processor(machine.cpu()));
}

/// The rate of products in f32 with weights of bf16, where the profile has that of rounded ones.
static KernelRate unrounded(const Processor &processor, KernelRate rate, const Work &work,
                            Bytes touched) {
  Work inF32 = work;
  inF32.type = DataType::F32;
  if (const KernelRate *f32 = rateFor(processor, inF32, touched))
    rate.compute = f32->compute;
  return rate;
}

/// What a step touches when one processor does all of it.
static Bytes touchedBy(const Processor &processor, const std::vector<Unit> &units,
                       std::vector<Work> UnitForm::*works) {
  Bytes sum;
  for (const Unit &unit : units)
    for (const Work &w : unit.form(processor.kind).*works)
      sum += w.read;
  return sum;
}

ByType<uint32_t> aheadByType(const Machine &machine, const std::vector<Unit> &units) {
  const Processor &cpu = machine.processor(machine.cpu());
  Bytes touched = touchedBy(cpu, units, &UnitForm::decode);
  ByType<uint32_t> ahead;
  for (const Unit &unit : units)
    for (const StoredWeight &weight : unit.form(cpu.kind).stored)
      if (weight.layout == plan::Layout::Panels ||
          (weight.layout == plan::Layout::Rows && unit.provider == Provider::Torch))
        if (const KernelRate *rate = rateFor(cpu, {Kernel::Linear, weight.type}, touched))
          ahead[weight.type] = rate->ahead;
  return ahead;
}

static bool timeUnits(const Machine &machine, const Model &model, const Request &request,
                      std::vector<Unit> &units, Diagnostics &diags) {
  std::set<std::string> missing;
  bool chunksRound = roundsToBF16(machine, request);
  for (const Processor &processor : machine.processors) {
    Bytes decodeTouched = touchedBy(processor, units, &UnitForm::decode);
    Bytes prefillTouched = touchedBy(processor, units, &UnitForm::prefill);
    for (Unit &unit : units) {
      auto sum = [&](const std::vector<Work> &works, Bytes touched, bool rounds) {
        bool exact = multipliesBF16(processor) && !rounds;
        Nanos result;
        for (const Work &w : works)
          if (const KernelRate *rate = rateFor(processor, w, touched))
            result += time(exact && w.kernel == Kernel::Linear && w.type == DataType::BF16
                               ? unrounded(processor, *rate, w, touched)
                               : *rate,
                           w);
          else
            missing.insert(llvm::formatv("processor {0} has no rate for {1} in {2} (unit {3})",
                                         processor.name, name(w.kernel), name(w.type),
                                         model.blocks[unit.block].name));
        return result;
      };
      const UnitForm &form = unit.form(processor.kind);
      unit.decodeTime.push_back(sum(form.decode, decodeTouched, /*rounds=*/false));
      unit.prefillTime.push_back(sum(form.prefill, prefillTouched, chunksRound));
    }
  }
  if (missing.empty())
    return true;
  diags.error(Exit::BadInput, machine.name, *missing.begin());
  diags.note("add the rate to the machine profile, or measure it with ashlar probe");
  return false;
}

/// An upper bound of all bytes that a plan counts, as a number that cannot wrap around.
static double roughBytes(const Model &model, Sizes sizes) {
  double bytes = 0;
  for (const Weight &weight : model.weights) {
    double elements = 1;
    for (uint64_t size : weight.shape)
      elements *= double(size) + host::PanelRows; // rows are padded
    bytes += elements * sizeof(float);
  }
  for (const Block &block : model.blocks) {
    for (const Op &op : block.ops)
      bytes += 2.0 * double(op.kvHeads) * (double(op.headDim) + 1) * double(sizes.context) *
               double(sizes.batch) * sizeof(float); // a row may have a scale
    for (const Value &value : block.values)
      bytes += double(value.columns) * double(sizes.rows()) * sizeof(float);
  }
  return bytes;
}

uint64_t promptOf(const Model &model, const Request &request, Sizes sizes) {
  return model.input ? request.workload.prompt : std::min(request.workload.prompt, sizes.context);
}

/// The units, where the provider of each is decided.
static std::optional<std::vector<Unit>> costUnitsOf(const std::vector<Provider> &providers,
                                                    std::vector<StoredAs> as, const Model &model,
                                                    const Machine &machine, const Request &request,
                                                    Sizes sizes, Diagnostics &diags) {
  auto isTorch = [&](size_t block, const Op &op) {
    return providers[block] == Provider::Torch &&
           isForTorch(model, model.blocks[block], op, as, request);
  };
  // Both phases read the one copy of a weight, so it lies as LibTorch takes it.
  for (auto [at, block] : llvm::enumerate(model.blocks))
    for (const Op &op : block.ops)
      if (isTorch(at, op))
        as[index(model.stored(*op.weight))].layout = plan::Layout::Rows;
  DataType cacheType = request.cacheType.value_or(checkpointType(model));
  uint64_t prompt = promptOf(model, request, sizes);
  // Decode is counted at the middle of the text that is generated, prefill at the last chunk.
  uint64_t decodeLength = std::min(prompt + request.workload.generate / 2, sizes.context);
  Tokens decode{sizes.batch, 1, decodeLength};
  Tokens prefill{1, sizes.chunk, std::max(prompt, sizes.chunk)};
  uint64_t threads = machine.processor(machine.cpu()).threads;
  bool rounds = roundsToBF16(machine, request);
  std::map<WeightId, StoredWeight> stored[std::size(Forms)];
  std::vector<Unit> units;

  for (auto [at, block] : llvm::enumerate(model.blocks)) {
    Unit unit;
    unit.block = at;
    unit.provider = providers[at];
    for (WeightId id : weightsOf(model, block)) {
      if (stored[0].count(id)) {
        unit.shares.push_back(id);
        continue;
      }
      for (Form form : Forms) {
        StoredWeight weight = store(model, id, as[index(id)], form);
        UnitForm &to = unit.forms[size_t(form)];
        to.weights = Bytes(alignUp(to.weights.value, WeightAlignment)) + weight.size;
        stored[size_t(form)][id] = weight;
        to.stored.push_back(weight);
      }
    }
    for (const Op &op : block.ops)
      if (op.kind == OpKind::Attend) {
        unit.pieces = pieceBytes(op, sizes, threads);
        CacheShape cache{cacheType, sizes.batch, op.kvHeads, sizes.context, op.headDim, {}};
        cache.size = Bytes(cache.sequences * cache.heads * cache.context *
                           *cacheRowBytes(cacheType, cache.dim));
        unit.cache = cache;
      }
    unit.frame = packFrame(block, sizes);
    const CacheShape *cache = unit.cache ? &*unit.cache : nullptr;
    for (Form form : Forms) {
      const auto &weights = stored[size_t(form)];
      std::vector<OnTheWay> inOneRow = onTheWay(block);
      std::vector<OnTheWay> inChunk = onTheWay(
          block, roundedValues(block, [&](const Op &op) {
            const StoredWeight &weight = weights.at(model.stored(*op.weight));
            return rounds && weight.type == DataType::BF16 && weight.layout == plan::Layout::Panels;
          }));
      for (auto [place, op] : llvm::enumerate(block.ops)) {
        UnitForm &to = unit.forms[size_t(form)];
        auto join = [&, &op = op](std::vector<Work> &works, uint64_t length) {
          if (op.kind == OpKind::Attend && unit.pieces.value && form == Form::Panels)
            works.push_back({Kernel::Elementwise, DataType::F32, Provider::Native,
                             pieceBytes(op, {length, 1, sizes.batch}, threads)});
        };
        // What a product does on the way costs nothing.
        if (sizes.batch > 1 || inOneRow[place] == OnTheWay::Nothing)
          to.decode.push_back(work(model, op, block, weights, cache, decode));
        if ((sizes.chunk > 1 ? inChunk : inOneRow)[place] == OnTheWay::Nothing)
          to.prefill.push_back(work(model, op, block, weights, cache, prefill));
        join(to.decode, decode.length);
        if (sizes.chunk == 1)
          join(to.prefill, prefill.length);
        if (!isTorch(at, op))
          continue;
        const StoredWeight &weight = weights.at(model.stored(*op.weight));
        to.prefill.back().provider = Provider::Torch;
        if (weight.type == DataType::BF16)
          unit.scratch.add(weight.rows, weight.columns);
      }
    }
    units.push_back(std::move(unit));
  }
  if (!timeUnits(machine, model, request, units, diags))
    return std::nullopt;
  return units;
}

std::optional<std::vector<Unit>> costUnits(const Model &model, const Machine &machine,
                                           const Request &request, Sizes sizes,
                                           Diagnostics &diags) {
  if (roughBytes(model, sizes) > MostBytes) {
    diags.error(Exit::DoesNotFit, machine.name,
                llvm::formatv(
                    "does not fit: with a {0} of {1} the model takes more than 2^60 bytes",
                    model.input ? "chunk" : "context", model.input ? sizes.chunk : sizes.context));
    diags.note("compare the sizes in config.json with what the model should have");
    return std::nullopt;
  }
  std::optional<std::vector<StoredAs>> as = storedAs(model, request, diags);
  if (!as)
    return std::nullopt;
  auto costed = [&](const std::vector<Provider> &providers) {
    return costUnitsOf(providers, *as, model, machine, request, sizes, diags);
  };
  std::vector<Provider> native(model.blocks.size(), Provider::Native), chosen = native;
  if (request.provider == Provider::Native)
    return costed(native);
  for (auto [at, block] : llvm::enumerate(model.blocks))
    if (canUseTorch(model, block, *as, machine, request, sizes))
      chosen[at] = Provider::Torch;
  if (!request.provider) { // by unit, what is faster: decode takes the same time with either
    auto without = costed(native), with = costed(chosen);
    if (!without || !with)
      return std::nullopt;
    uint32_t cpu = index(machine.cpu());
    for (auto [provider, a, b] : llvm::zip_equal(chosen, *without, *with))
      if (!(b.prefillTime[cpu] < a.prefillTime[cpu]))
        provider = Provider::Native;
  }
  return costed(chosen);
}

} // namespace ashlar
