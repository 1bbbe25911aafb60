#include "compiler/place/Units.h"

#include "templates/cpu/panels.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <set>

namespace ashlar {

static constexpr uint64_t WeightAlignment = 64;
static constexpr double MostBytes = double(uint64_t(1) << 60); // sums of sizes below cannot wrap
static constexpr uint64_t AttendRows = 32; // of queries that the kernel computes together

/// How a weight is stored follows from who reads it: a product reads panels, a table that is only
/// looked up stays in rows, a norm's weight or a bias is a vector in f32.
static std::map<WeightId, plan::Layout> layouts(const Model &model) {
  std::map<WeightId, plan::Layout> result;
  for (const Block &block : model.blocks)
    for (const Op &op : block.ops) {
      if (op.bias)
        result[model.stored(*op.bias)] = plan::Layout::Vector;
      if (!op.weight)
        continue;
      WeightId weight = model.stored(*op.weight);
      if (op.kind == OpKind::Linear)
        result[weight] = plan::Layout::Panels;
      else if (op.kind == OpKind::Embed || op.kind == OpKind::Positions)
        result.try_emplace(weight, plan::Layout::Rows);
      else
        result[weight] = plan::Layout::Vector;
    }
  return result;
}

static uint64_t panelBytes(DataType type, uint64_t rows, uint64_t columns) {
  switch (type) {
  case DataType::F32:
    return cpu::panelBytes<F32>(rows, columns);
  case DataType::F16:
    return cpu::panelBytes<F16>(rows, columns);
  case DataType::BF16:
    return cpu::panelBytes<BF16>(rows, columns);
  }
  return 0;
}

static StoredWeight store(const Model &model, WeightId id, plan::Layout layout,
                          const Request &request) {
  const Weight &weight = model.weight(id);
  StoredWeight result;
  result.weight = id;
  result.layout = layout;
  result.columns = weight.shape.back();
  result.rows = weight.shape.size() == 1 ? 1 : weight.shape.front();
  result.type =
      layout == plan::Layout::Vector ? DataType::F32 : request.weightType.value_or(weight.type);
  result.size =
      Bytes(layout == plan::Layout::Panels ? panelBytes(result.type, result.rows, result.columns)
                                           : result.rows * result.columns * bytesOf(result.type));
  return result;
}

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

/// What an op costs for `tokens` tokens of which the last stands at position `length`.
static Work work(const Model &model, const Op &op, const Block &block,
                 const std::map<WeightId, StoredWeight> &stored, const CacheShape *cache,
                 uint64_t tokens, uint64_t length) {
  Work w;
  const Value &result = block.values[index(op.result)];
  uint64_t rows = result.lastOnly ? 1 : tokens;
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
    double positions = double(length) - double(tokens - 1) / 2;
    if (op.window)
      positions = std::min(positions, double(op.window));
    double row = double(cache->heads * cache->dim * 2 * bytesOf(cache->type));
    uint64_t together = std::max<uint64_t>(1, AttendRows * op.kvHeads / op.heads);
    w.read = Bytes(uint64_t(double((tokens + together - 1) / together) * positions * row));
    w.flops = 4.0 * double(tokens) * positions * double(op.heads * op.headDim);
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
    if (rate.kernel != work.kernel || rate.type != work.type)
      continue;
    if (rate.within.value != 0 && rate.within < touched)
      continue;
    if (!best || best->within.value == 0 || (rate.within.value != 0 && rate.within < best->within))
      best = &rate;
  }
  return best;
}

static Nanos time(const KernelRate &rate, const Work &work) {
  double seconds =
      std::max(double(work.read.value) / rate.read.perSecond, work.flops / rate.compute.perSecond);
  return rate.latency + Nanos(uint64_t(seconds * 1e9 + 0.5));
}

static bool timeUnits(const Machine &machine, const Model &model, std::vector<Unit> &units,
                      Diagnostics &diags) {
  std::set<std::string> missing;
  auto total = [&](auto works, Bytes &sum) {
    for (const Unit &unit : units)
      for (const Work &w : unit.*works)
        sum += w.read;
  };
  Bytes decodeTouched, prefillTouched;
  total(&Unit::decode, decodeTouched);
  total(&Unit::prefill, prefillTouched);
  for (const Processor &processor : machine.processors)
    for (Unit &unit : units) {
      auto sum = [&](const std::vector<Work> &works, Bytes touched) {
        Nanos result;
        for (const Work &w : works)
          if (const KernelRate *rate = rateFor(processor, w, touched))
            result += time(*rate, w);
          else
            missing.insert(llvm::formatv("processor {0} has no rate for {1} in {2} (unit {3})",
                                         processor.name, name(w.kernel), name(w.type),
                                         model.blocks[unit.block].name));
        return result;
      };
      unit.decodeTime.push_back(sum(unit.decode, decodeTouched));
      unit.prefillTime.push_back(sum(unit.prefill, prefillTouched));
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
      bytes +=
          2.0 * double(op.kvHeads) * double(op.headDim) * double(sizes.context) * sizeof(float);
    for (const Value &value : block.values)
      bytes += double(value.columns) * double(sizes.chunk) * sizeof(float);
  }
  return bytes;
}

std::optional<std::vector<Unit>> costUnits(const Model &model, const Machine &machine,
                                           const Request &request, Sizes sizes,
                                           Diagnostics &diags) {
  if (roughBytes(model, sizes) > MostBytes) {
    diags.error(Exit::DoesNotFit, machine.name,
                llvm::formatv("does not fit: with a context of {0} the model takes more than 2^60 "
                              "bytes",
                              sizes.context));
    diags.note("compare the sizes in config.json with what the model should have");
    return std::nullopt;
  }
  std::map<WeightId, plan::Layout> layoutOf = layouts(model);
  DataType cacheType = request.cacheType.value_or(checkpointType(model));
  uint64_t prompt = std::min(request.workload.prompt, sizes.context);
  // Decode is counted at the middle of the text that is generated, prefill at the last chunk.
  uint64_t decodeLength = std::min(prompt + request.workload.generate / 2, sizes.context);
  std::map<WeightId, StoredWeight> stored;
  std::map<std::string, const Block *> frameOf;
  std::vector<Unit> units;

  for (auto [at, block] : llvm::enumerate(model.blocks)) {
    Unit unit;
    unit.block = at;
    for (WeightId id : weightsOf(model, block)) {
      if (stored.count(id)) {
        unit.shares.push_back(id);
        continue;
      }
      StoredWeight weight = store(model, id, layoutOf.at(id), request);
      unit.weights = Bytes(alignUp(unit.weights.value, WeightAlignment)) + weight.size;
      stored[id] = weight;
      unit.stored.push_back(weight);
    }
    for (const Op &op : block.ops)
      if (op.kind == OpKind::Attend) {
        CacheShape cache{cacheType, op.kvHeads, sizes.context, op.headDim, {}};
        cache.size = Bytes(cache.heads * cache.context * cache.dim * bytesOf(cacheType));
        unit.cache = cache;
      }
    unit.frame = packFrame(block, sizes.chunk);
    const CacheShape *cache = unit.cache ? &*unit.cache : nullptr;
    for (const Op &op : block.ops) {
      unit.decode.push_back(work(model, op, block, stored, cache, 1, decodeLength));
      unit.prefill.push_back(
          work(model, op, block, stored, cache, sizes.chunk, std::max(prompt, sizes.chunk)));
    }
    units.push_back(std::move(unit));
  }
  if (!timeUnits(machine, model, units, diags))
    return std::nullopt;
  return units;
}

void print(const Model &model, const Machine &machine, const std::vector<Unit> &units,
           llvm::raw_ostream &out) {
  for (const Unit &unit : units) {
    const Block &block = model.blocks[unit.block];
    out << "unit " << block.name << " weights=" << unit.weights.value
        << " cache=" << (unit.cache ? 2 * unit.cache->size.value : 0)
        << " frame=" << unit.frame.size.value << '\n';
    for (const StoredWeight &weight : unit.stored)
      out << "  weight " << model.weight(weight.weight).name << " type=" << name(weight.type)
          << " layout=" << plan::name(weight.layout) << " size=" << weight.size.value << '\n';
    for (WeightId id : unit.shares)
      out << "  shares " << model.weight(id).name << '\n';
    for (auto [at, processor] : llvm::enumerate(machine.processors))
      out << "  on " << processor.name << " decode_ns=" << unit.decodeTime[at].value
          << " prefill_ns=" << unit.prefillTime[at].value << '\n';
  }
}

} // namespace ashlar
