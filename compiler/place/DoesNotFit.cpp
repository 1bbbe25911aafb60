#include "compiler/place/Trial.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

namespace ashlar {

static constexpr uint64_t ContextStep = 64; // granularity of the context that is suggested
static constexpr unsigned MostCapSteps = 16;

/// The parts that a memory's demand consists of, largest first.
static std::vector<std::pair<std::string, Bytes>> items(const Solution &solution,
                                                        const Machine &machine, uint32_t memory) {
  Bytes weights, cache, frames, slots;
  uint64_t stored = 0;
  for (auto [at, unit] : llvm::enumerate(solution.units)) {
    const Candidate &c = solution.chosen(at);
    const Processor &executor = machine.processor(c.decode);
    if (c.home && index(*c.home) == memory) {
      Bytes bytes = unit.form(executor.kind).weights;
      weights += bytes;
      stored += bytes.value != 0;
    }
    if (unit.cache && index(executor.memory) == memory)
      cache += unit.cache->size * 2;
    frames = std::max(frames, c.frame[memory]);
    slots = std::max(slots, c.slot[memory]);
  }
  Occupancy taken = occupancy(solution.problem, solution.placement);
  for (auto [at, used] : llvm::enumerate(taken.streams(memory)))
    if (used)
      frames += solution.problem.streams[at].frame;
  std::vector<std::pair<std::string, Bytes>> result = {
      {llvm::formatv("weights of {0} units", stored), weights},
      {llvm::formatv("kv cache for {0} tokens{1}", solution.sizes.context,
                     solution.sizes.batch == 1
                         ? std::string()
                         : llvm::formatv(" of {0} sequences", solution.sizes.batch).str()),
       cache},
      {"activations", frames},
      {"slot for weights that are brought", slots}};
  for (const Fixed &fixed : solution.problem.fixed)
    if (index(fixed.memory) == memory)
      result.push_back({fixed.name, fixed.bytes});
  result.push_back({"LibTorch itself", solution.problem.outside[memory]});
  llvm::stable_sort(result, [](auto &a, auto &b) { return a.second > b.second; });
  return result;
}

namespace {
/// Looks for requests near the one that does not fit. Each is an option of the command.
class NearestFits {
public:
  NearestFits(const Trials &trials, const Request &request, Sizes sizes)
      : trials(trials), request(request), sizes(sizes) {}

  std::vector<std::string> all() {
    std::vector<std::string> result;
    auto add = [&](std::string found) {
      if (!found.empty())
        result.push_back(std::move(found));
    };
    bool rows = trials.model.input.has_value();
    add(rows ? fewerRows(request, "") : shorter(request, "").options);
    add(withoutTorch());
    add(fewerSequences());
    add(narrowerCache());
    add(fewerWeights());
    if (!result.empty())
      return result;
    if (!trials.directions.homes)
      add(rows ? narrowerRows() : narrower());
    if (result.empty())
      add(moreMemory());
    return result;
  }

private:
  /// LibTorch's products are those of several rows.
  uint64_t leastChunk() const { return request.provider == Provider::Torch ? 2 : 1; }

  bool fitsWith(const Request &r, Sizes s) const {
    if (!trials.model.input)
      s.chunk = std::min(s.chunk, s.context);
    auto trial = trials.attempt(r, s);
    // What LibTorch has no part in is refused where it was asked for.
    return trial && fits(*trial) &&
           (r.provider != Provider::Torch || llvm::any_of(trial->units, [](const Unit &unit) {
              return unit.provider == Provider::Torch;
            }));
  }

  struct Shorter {
    uint64_t context = 0; // none fits
    std::string options;
  };

  /// The longest context that fits, if need be with a smaller chunk.
  Shorter shorter(const Request &r, const char *prefix) const {
    if (!fitsWith(r, {std::min(ContextStep, sizes.context), leastChunk(), sizes.batch}))
      return {};
    for (uint64_t chunk : {sizes.chunk, uint64_t(32), leastChunk()}) {
      if (chunk > sizes.chunk)
        continue;
      auto context = [&](uint64_t steps) { return std::min(steps * ContextStep, sizes.context); };
      uint64_t steps =
          largest((sizes.context + ContextStep - 1) / ContextStep, [&](uint64_t steps) {
            return fitsWith(r, {context(steps), chunk, sizes.batch});
          });
      if (steps)
        return {
            context(steps),
            llvm::formatv(
                "{0}--context {1}{2}", prefix, context(steps),
                request.chunk || chunk != sizes.chunk
                    ? llvm::formatv(" --prefill-chunk {0}", std::min(chunk, context(steps))).str()
                    : std::string())};
    }
    return {};
  }

  /// Narrower types, the more exact ones first. Where weights are quantized, the cache stays as it
  /// is unless that costs length.
  std::string narrower() const {
    bool cacheToo = request.cacheType != DataType::Int8; // that is as narrow as it can be
    Request r = request;
    r.weightType = DataType::BF16;
    if (cacheToo)
      r.cacheType = DataType::BF16;
    Shorter found = shorter(r, cacheToo ? "--dtype bf16 --kv-dtype bf16 " : "--dtype bf16 ");
    for (DataType type : quantizations()) {
      if (found.context)
        break;
      r = request;
      r.quantize = type;
      std::string option = llvm::formatv("--quantize {0} ", name(type));
      found = shorter(r, option.c_str());
      if (!cacheToo)
        continue;
      r.cacheType = DataType::BF16;
      Shorter other = shorter(r, (option + "--kv-dtype bf16 ").c_str());
      if (other.context > found.context)
        found = other;
    }
    return found.options;
  }

  std::string narrowerRows() const {
    Request r = request;
    r.weightType = DataType::BF16;
    std::string found = fewerRows(r, "--dtype bf16 ");
    for (DataType type : quantizations()) {
      if (!found.empty())
        break;
      r = request;
      r.quantize = type;
      found = fewerRows(r, llvm::formatv("--quantize {0} ", name(type)).str().c_str());
    }
    return found;
  }

  llvm::ArrayRef<DataType> quantizations() const {
    static constexpr DataType types[] = {DataType::Int8, DataType::Int4};
    return request.quantize ? llvm::ArrayRef<DataType>() : llvm::ArrayRef(types);
  }

  /// The largest number up to `most` with which it fits; 0 where none does.
  template <class Fits> static uint64_t largest(uint64_t most, Fits fits) {
    uint64_t low = 0;
    while (low < most) {
      uint64_t middle = (low + most + 1) / 2;
      if (fits(middle))
        low = middle;
      else
        most = middle - 1;
    }
    return low;
  }

  /// A cache that takes less for the same text, the more exact one first.
  std::string narrowerCache() const {
    for (DataType type : {DataType::BF16, DataType::Int8}) {
      Request r = request;
      r.cacheType = type;
      if (request.cacheType != DataType::Int8 && request.cacheType != type && fitsWith(r, sizes))
        return llvm::formatv("--kv-dtype {0}", name(type));
    }
    return "";
  }

  std::string withoutTorch() const {
    if (request.provider != Provider::Torch)
      return "";
    Request r = request;
    r.provider = Provider::Native;
    return fitsWith(r, sizes) ? "--provider native" : "";
  }

  std::string fewerSequences() const {
    uint64_t batch = largest(sizes.batch - 1, [&](uint64_t batch) {
      return fitsWith(request, {sizes.context, sizes.chunk, batch});
    });
    return batch ? llvm::formatv("--batch {0}", batch).str() : "";
  }

  std::string fewerRows(const Request &r, const char *prefix) const {
    uint64_t chunk = largest(sizes.chunk, [&](uint64_t chunk) {
      return fitsWith(r, {0, chunk, sizes.batch});
    });
    if (!chunk)
      return "";
    return chunk == sizes.chunk && !request.chunk
               ? llvm::StringRef(prefix).rtrim().str()
               : llvm::formatv("{0}--prefill-chunk {1}", prefix, chunk).str();
  }

  /// A device map counts weights only: with less room for them, the rest may fit.
  std::string fewerWeights() const {
    if (!trials.directions.lessWeights)
      return "";
    std::vector<Bytes> less(trials.machine.memories.size());
    Directions directions = trials.directions;
    std::string option;
    for (unsigned step = 0; step < MostCapSteps; ++step) {
      Trials now{trials.model, trials.machine, directions, trials.fittings, trials.diags};
      auto trial = now.attempt(request, sizes);
      if (!trial || fits(*trial))
        return trial ? option : "";
      for (auto [memory, bytes] : llvm::enumerate(less))
        bytes += shortfall(*trial, memory);
      auto next = trials.directions.lessWeights(less);
      if (!next)
        return "";
      directions.homes = std::move(next->first);
      option = std::move(next->second);
    }
    return "";
  }

  /// What the least demanding request needs. With more room other units may be placed there, so
  /// until nothing is short.
  std::string moreMemory() const {
    Machine machine = trials.machine;
    Request least = request;
    Trials now{trials.model, machine, trials.directions, trials.fittings, trials.diags};
    Sizes smallest{std::min(ContextStep, sizes.context), leastChunk(), 1};
    std::vector<bool> raised(machine.memories.size());
    for (unsigned step = 0; step < MostCapSteps; ++step) {
      auto trial = now.attempt(least, smallest);
      if (!trial)
        return "";
      if (fits(*trial))
        return memoryOption(machine, least, raised, smallest);
      for (auto [at, memory] : llvm::enumerate(machine.memories)) {
        Bytes bytes = shortfall(*trial, at);
        if (bytes.value == 0)
          continue;
        Bytes needed = trial->problem.capacity[at] + bytes;
        raised[at] = true;
        least.maxMemory[memory.name] = needed;
        memory.capacity = std::max(memory.capacity, needed);
      }
    }
    return "";
  }

  std::string memoryOption(const Machine &larger, const Request &least,
                           const std::vector<bool> &raised, Sizes smallest) const {
    std::string result;
    bool all = true; // that is needed is in this machine
    for (auto [at, memory] : llvm::enumerate(larger.memories)) {
      if (!raised[at])
        continue;
      all = all && memory.capacity == trials.machine.memories[at].capacity;
      result += llvm::formatv("{0}{1}={2}", result.empty() ? "--max-memory " : ",", memory.name,
                              least.maxMemory.at(memory.name).value);
    }
    std::string context = trials.model.input
                              ? std::string()
                              : llvm::formatv(" --context {0}", smallest.context).str();
    return llvm::formatv("{0}{1} --prefill-chunk {2}{3}{4}", result, context, smallest.chunk,
                         request.batch > 1 ? " --batch 1" : "",
                         all ? "" : ", on a machine that has it");
  }

  const Trials &trials;
  const Request &request;
  Sizes sizes;
};
} // namespace

void sayDoesNotFit(const Trials &trials, const Request &request, const Solution &solution) {
  for (auto [at, memory] : llvm::enumerate(trials.machine.memories)) {
    Bytes bytes = shortfall(solution, at);
    if (bytes.value == 0)
      continue;
    Bytes capacity = solution.problem.capacity[at];
    trials.diags.error(Exit::DoesNotFit, trials.machine.name,
                       llvm::formatv("does not fit: {0} needs {1} bytes, has {2} (short by {3})",
                                     memory.name, (capacity + bytes).value, capacity.value,
                                     bytes.value));
    auto parts = items(solution, trials.machine, at);
    parts.resize(std::min<size_t>(parts.size(), 3));
    for (auto &[name, size] : parts)
      if (size.value)
        trials.diags.note(llvm::formatv("{0}: {1} bytes ({2})", name, size.value, forPeople(size)));
  }
  // What is tried here was not asked for: where it cannot be, that is nobody's mistake.
  llvm::raw_null_ostream nowhere;
  Diagnostics quiet(nowhere);
  Trials others{trials.model, trials.machine, trials.directions, trials.fittings, quiet};
  for (const std::string &option : NearestFits(others, request, solution.sizes).all())
    trials.diags.note("fits with " + option);
}

} // namespace ashlar
