#include "compiler/emit/Calls.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar::emission {

namespace {
/// Calls that stand side by side, without a wait between them.
struct Group {
  size_t begin, end;
};
} // namespace

static Group groupFrom(const std::vector<bool> &waits, size_t begin) {
  size_t end = begin + 1;
  while (end < waits.size() && !waits[end])
    ++end;
  return {begin, end};
}

static bool is(Joint::Kind kind, const Call &call) {
  return call.joint && call.joint->kind == kind;
}

static bool readsRow(const Call &call, ValueId row) {
  return call.joint && !is(Joint::Norm, call) && call.joint->row == row;
}

/// Gives what a norm makes to the products behind it, if these are all that reads it and its input
/// stays as it is meanwhile. Then the norm has no call.
static bool giveAway(const Call &norm, llvm::MutableArrayRef<Call> next,
                     llvm::StringRef processor) {
  size_t reads = 0;
  for (const Call &call : next) {
    if (meet(call.writes, norm.reads))
      return false;
    if (readsRow(call, norm.joint->result))
      reads += call.joint->reads;
  }
  if (reads != norm.joint->reads)
    return false;
  for (Call &call : next)
    if (readsRow(call, norm.joint->result)) {
      call.joint->given = (processor + "::" + norm.joint->made).str();
      call.arguments = call.joint->given + ", " + call.joint->rest;
      call.joint->normed = true;
      llvm::append_range(call.reads, norm.reads);
    }
  return true;
}

/// Makes one call of some products of the same row.
static Call together(llvm::MutableArrayRef<Call> products, llvm::StringRef processor) {
  Call result = std::move(products.front());
  result.kernel = "products";
  result.arguments = result.joint->given;
  auto take = [&](const Call &call) {
    result.parts.push_back({(processor + "::to(" + call.joint->rest + ")").str(), call.comment});
  };
  take(result);
  for (Call &call : products.drop_front()) {
    take(call);
    llvm::append_range(result.reads, call.reads);
    llvm::append_range(result.writes, call.writes);
  }
  return result;
}

static bool areAlikeProducts(const Call &a, const Call &b) {
  return is(Joint::Product, a) && is(Joint::Product, b) && a.joint->row == b.joint->row &&
         a.joint->type == b.joint->type && a.joint->layout == b.joint->layout &&
         a.lastOnly == b.lastOnly;
}

void join(std::vector<Call> &calls, std::vector<bool> &waits, llvm::StringRef processor) {
  std::vector<bool> given(calls.size(), false); // norms that have become a part of products
  for (size_t at = 0; at < calls.size(); ++at) {
    if (!is(Joint::Norm, calls[at]))
      continue;
    Group own = groupFrom(waits, at);
    if (own.end == calls.size())
      continue;
    Group next = groupFrom(waits, own.end);
    given[at] =
        giveAway(calls[at], llvm::MutableArrayRef(calls).slice(next.begin, next.end - next.begin),
                 processor);
  }

  std::vector<Call> joined;
  std::vector<bool> joinedWaits;
  bool wait = false, any = false; // of the group's calls so far
  for (size_t at = 0; at < calls.size();) {
    if (waits[at])
      wait = true;
    if (given[at]) {
      ++at;
      continue;
    }
    Call &call = calls[at];
    size_t end = at + 1;
    while (end < calls.size() && !waits[end] && areAlikeProducts(call, calls[end]))
      ++end;
    joinedWaits.push_back(wait && any);
    wait = false;
    any = true;
    if (end - at > 1 || (is(Joint::Product, call) && call.joint->normed))
      joined.push_back(together(llvm::MutableArrayRef(calls).slice(at, end - at), processor));
    else
      joined.push_back(std::move(call));
    at = end;
  }
  calls = std::move(joined);
  waits = std::move(joinedWaits);
}

} // namespace ashlar::emission
