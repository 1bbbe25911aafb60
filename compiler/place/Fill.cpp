#include "compiler/place/Strategies.h"

#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace ashlar {

namespace {
/// One way to fill.
struct Way {
  std::vector<ProcessorId> accelerators; // in the order in which they are filled
  ProcessorId cpu{};
  bool stream = false;   // what is offloaded: to the first accelerator; else the cpu computes it
  bool goBack = false;   // to an accelerator that a unit before did not fit on
  bool setAside = false; // room for what will be offloaded
};

class Filler {
public:
  Filler(const Problem &problem, const Way &way)
      : problem(problem), way(way), taken(problem),
        user(way.stream ? way.accelerators.front() : way.cpu), placed(problem.units.size()),
        followers(problem.units.size()) {
    placement.choice.resize(problem.units.size());
    for (auto [unit, choice] : llvm::enumerate(problem.units))
      for (uint32_t other : choice.with)
        followers[other].push_back(unit);
    if (way.setAside)
      setAside();
  }

  /// What has only one home goes there first; the rest finds what is left.
  Placement run() {
    for (uint32_t unit = 0; unit < problem.units.size(); ++unit)
      if (!placed[unit] && hasOneHome(unit))
        place(unit);
    first = 0;
    for (uint32_t unit = 0; unit < problem.units.size(); ++unit)
      if (!placed[unit])
        place(unit);
    return std::move(placement);
  }

private:
  MemoryId memoryOf(ProcessorId processor) const { return problem.computes[index(processor)]; }
  bool hasOneHome(uint32_t unit) const {
    const std::vector<Candidate> &candidates = problem.units[unit].candidates;
    return llvm::all_of(candidates,
                        [&](const Candidate &c) { return c.home == candidates.front().home; });
  }

  /// Slots as large as any unit could need, and the caches of all units.
  void setAside() {
    std::vector<Bytes> slots(problem.capacity.size());
    for (const UnitChoice &unit : problem.units) {
      for (const Candidate &c : unit.candidates)
        if (c.decode == user)
          for (auto [most, bytes] : llvm::zip_equal(slots, c.slot))
            most = std::max(most, bytes);
      caches += cacheOf(unit);
    }
    taken.claimSlots(slots);
  }
  /// What a unit whose weights are brought keeps beside them.
  Bytes cacheOf(const UnitChoice &unit) const {
    for (const Candidate &c : unit.candidates)
      if (c.state != plan::State::Resident && c.decode == user)
        return c.kept[index(memoryOf(user))];
    return {};
  }

  Bytes excess(const Occupancy &occupancy, Bytes aside) const {
    Bytes sum;
    for (auto [memory, capacity] : llvm::enumerate(problem.capacity)) {
      Bytes needed = occupancy.of(memory);
      if (memory == index(memoryOf(user)))
        needed += aside;
      if (needed > capacity)
        sum += needed - capacity;
    }
    return sum;
  }

  /// The candidates in the order in which they are tried.
  std::vector<const Candidate *> preferences(const UnitChoice &unit) const {
    std::vector<const Candidate *> result;
    auto prefer = [&](plan::State state, ProcessorId on) {
      for (const Candidate &c : unit.candidates)
        if (c.state == state && c.decode == on)
          result.push_back(&c);
    };
    for (size_t at = way.goBack ? 0 : first; at < way.accelerators.size(); ++at)
      prefer(plan::State::Resident, way.accelerators[at]);
    if (way.stream) {
      prefer(plan::State::Streamed, user);
      prefer(plan::State::Disk, user);
    }
    prefer(plan::State::Resident, way.cpu);
    prefer(plan::State::Disk, way.cpu);
    for (const Candidate &c : unit.candidates) // where pins leave nothing else
      if (!llvm::is_contained(result, &c))
        result.push_back(&c);
    return result;
  }

  std::optional<uint32_t> sameDecision(uint32_t unit, const Candidate &decision) const {
    for (auto [at, c] : llvm::enumerate(problem.units[unit].candidates))
      if (c.sameDecision(decision))
        return at;
    return std::nullopt;
  }

  /// A unit, with all that share its weights, into the first candidate that has room for them; if
  /// none has, into the one that exceeds least.
  void place(uint32_t unit) {
    std::vector<uint32_t> group = {unit};
    llvm::append_range(group, followers[unit]);
    Bytes aside = caches;
    for (uint32_t member : group)
      aside = aside - std::min(aside, way.setAside ? cacheOf(problem.units[member]) : Bytes());

    std::vector<uint32_t> best;
    std::optional<Occupancy> bestTaken;
    Bytes least(UINT64_MAX);
    for (const Candidate *decision : preferences(problem.units[unit])) {
      Occupancy after = taken;
      std::vector<uint32_t> choices;
      for (uint32_t member : group)
        if (std::optional<uint32_t> choice = sameDecision(member, *decision)) {
          choices.push_back(*choice);
          after.add(member, problem.units[member].candidates[*choice]);
        }
      if (choices.size() != group.size())
        continue;
      Bytes over = excess(after, aside);
      if (over < least) {
        least = over;
        best = std::move(choices);
        bestTaken = std::move(after);
      }
      if (over.value == 0)
        break;
    }
    for (auto [member, choice] : llvm::zip(group, best)) {
      placement.choice[member] = choice;
      placed[member] = true;
    }
    if (!bestTaken)
      internalError("a unit has no candidate");
    taken = std::move(*bestTaken);
    caches = aside;
    const Candidate &chosen = problem.units[unit].candidates[best.front()];
    auto at = llvm::find(way.accelerators, chosen.decode);
    if (chosen.state == plan::State::Resident && at != way.accelerators.end())
      first = at - way.accelerators.begin();
  }

  const Problem &problem;
  const Way &way;
  Occupancy taken;
  ProcessorId user; // of what is offloaded
  Bytes caches;     // of units that are not placed yet, in the user's memory
  Placement placement;
  std::vector<bool> placed;
  std::vector<std::vector<uint32_t>> followers;
  size_t first = 0; // the accelerator that is being filled
};
} // namespace

static std::vector<Way> ways(const Problem &problem, const Machine &machine) {
  std::vector<ProcessorId> inOrder = machine.accelerators(), bySpeed = inOrder;
  auto time = problem.forward ? &Candidate::prefillTime : &Candidate::decodeTime;
  auto timeOn = [&](ProcessorId processor) {
    Nanos sum;
    for (const UnitChoice &unit : problem.units)
      for (const Candidate &c : unit.candidates)
        if (c.state == plan::State::Resident && c.decode == processor)
          sum += c.*time;
    return sum;
  };
  llvm::stable_sort(bySpeed, [&](ProcessorId a, ProcessorId b) { return timeOn(a) < timeOn(b); });
  std::vector<Way> result = {{{}, machine.cpu()}, {{}, machine.cpu(), false, false, true}};
  if (inOrder.empty())
    return result;
  for (const std::vector<ProcessorId> &order : {inOrder, bySpeed})
    for (bool stream : {false, true})
      for (bool goBack : {false, true})
        for (bool setAside : {false, true})
          result.push_back({order, machine.cpu(), stream, goBack, setAside});
  return result;
}

Placement fill(const Problem &problem, const Machine &machine) {
  Placement best;
  std::pair<Bytes, Nanos> least(UINT64_MAX, UINT64_MAX);
  for (const Way &way : ways(problem, machine)) {
    Placement placement = Filler(problem, way).run();
    std::pair<Bytes, Nanos> cost = {occupancy(problem, placement).excess(),
                                    workloadTime(problem, machine, placement)};
    if (cost < least) {
      least = cost;
      best = std::move(placement);
    }
  }
  return best;
}

} // namespace ashlar
