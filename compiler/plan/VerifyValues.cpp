#include "compiler/plan/VerifyRules.h"

#include <map>
#include <queue>

using llvm::Twine;

namespace ashlar::plan {

/// What `rows` of f32 need, to the end of the last cache line.
static std::optional<uint64_t> bytesNeeded(const Value &value) {
  auto elements = checkedMul(value.rows, value.columns);
  auto bytes = elements ? checkedMul(*elements, sizeof(float)) : std::nullopt;
  auto padded = bytes ? checkedAdd(*bytes, Alignment - 1) : std::nullopt;
  return padded ? std::optional(*padded / Alignment * Alignment) : std::nullopt;
}

static void checkValue(const Plan &plan, const Frame &frame, const Value &value,
                       Violations &found) {
  std::string name = "value " + value.name + " of frame " + frame.name;
  Span span(value.offset, value.size.value);
  if (plan.forward && value.rows != plan.chunk)
    violate(found,
            name + " has " + Twine(value.rows) + " rows, not a chunk of " + Twine(plan.chunk));
  else if (value.rows != std::max(plan.chunk, plan.batch) && value.rows != plan.batch)
    violate(found, name + " has " + Twine(value.rows) + " rows, neither a chunk of " +
                       Twine(plan.chunk) + " nor one for each sequence");
  if (auto needed = bytesNeeded(value); !needed || *needed != value.size.value || *needed == 0)
    violate(found, name + " has " + Twine(value.size.value) + " bytes, but [" + Twine(value.rows) +
                       ", " + Twine(value.columns) + "] of f32 needs " +
                       (needed ? Twine(*needed) : Twine("more than 64 bits can count")));
  if (value.offset % Alignment)
    violate(found,
            name + " begins at " + Twine(value.offset) + ", no multiple of " + Twine(Alignment));
  if (span.end > frame.size.value)
    violate(found, name + " (" + text(span) + ") lies beyond the frame's " +
                       Twine(frame.size.value) + " bytes");
  if (value.last < value.first)
    violate(found, name + " is read last by op " + Twine(value.last) + ", before op " +
                       Twine(value.first) + " writes it");
}

/// Goes through the ops in order with the values that live at each, which share no bytes, by
/// offset. A new one can meet only its two neighbours.
static void checkLives(const Frame &frame, Violations &found) {
  std::vector<const Value *> order;
  for (const Value &value : frame.values)
    if (value.first <= value.last && value.size.value)
      order.push_back(&value);
  llvm::stable_sort(order, [](auto *a, auto *b) { return a->first < b->first; });

  std::map<uint64_t, const Value *> live;
  auto diesLater = [](const Value *a, const Value *b) { return a->last > b->last; };
  std::priority_queue<const Value *, std::vector<const Value *>, decltype(diesLater)> dying(
      diesLater);
  auto end = [&](const Value *value) {
    auto at = live.find(value->offset);
    if (at != live.end() && at->second == value)
      live.erase(at);
  };

  for (const Value *value : order) {
    for (; !dying.empty() && dying.top()->last < value->first; dying.pop())
      end(dying.top());
    // Written over the bytes of an input that ends here: that one lives no longer.
    if (auto same = live.find(value->offset); value->inPlace && same != live.end()) {
      const Value *input = same->second;
      if (input->size == value->size && input->last == value->first && input->first < value->first)
        live.erase(same);
    }
    Span span(value->offset, value->size.value);
    const Value *met = nullptr;
    auto next = live.lower_bound(value->offset);
    if (next != live.end() && span.meets({next->first, next->second->size.value}))
      met = next->second;
    else if (next != live.begin() &&
             span.meets({std::prev(next)->first, std::prev(next)->second->size.value}))
      met = std::prev(next)->second;
    if (!met) {
      live.emplace(value->offset, value);
      dying.push(value);
      continue;
    }
    Span shared;
    shared.begin = std::max(value->offset, met->offset);
    shared.end = std::min(span.end, Span(met->offset, met->size.value).end);
    violate(found, "value " + value->name + " of frame " + frame.name + " shares " + text(shared) +
                       " with " + met->name + " while both are live");
  }
}

void checkValues(const Plan &plan, Violations &found) {
  for (const Frame &frame : plan.frames) {
    for (const Value &value : frame.values)
      checkValue(plan, frame, value, found);
    checkLives(frame, found);
  }
}

} // namespace ashlar::plan
