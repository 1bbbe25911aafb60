#include "compiler/spec/Streams.h"

#include "compiler/support/Diagnostics.h"

namespace ashlar {

std::optional<StreamId> Streams::find(llvm::StringRef name) const {
  auto found = named.find(name);
  return found == named.end() ? std::nullopt : std::optional(found->second.now);
}

// The names of streams differ: "x", "x_2", …
StreamId Streams::push(llvm::StringRef name, uint64_t columns, bool lastOnly, unsigned &count) {
  std::string unique = name.str();
  for (; !taken.insert(unique).second; ++count)
    unique = name.str() + "_" + std::to_string(count + 1);
  model.streams.push_back({std::move(unique), columns, lastOnly});
  return static_cast<StreamId>(model.streams.size() - 1);
}

StreamId Streams::add(llvm::StringRef name, uint64_t columns, bool lastOnly) {
  Named &added = named[name];
  return added.now = push(name, columns, lastOnly, added.count);
}

StreamId Streams::renew(llvm::StringRef name, uint64_t columns, bool lastOnly) {
  auto found = named.find(name);
  if (found == named.end())
    return add(name, columns, lastOnly);
  Named &known = found->second;
  StreamId before = known.now;
  auto &free = known.free[{columns, lastOnly}];
  known.now = free.empty() ? push(name, columns, lastOnly, known.count) : free.pop_back_val();
  if (model.input != before)
    known.free[{model.stream(before).columns, model.stream(before).lastOnly}].push_back(before);
  return known.now;
}

llvm::StringRef Streams::nearestTo(llvm::StringRef name) const {
  std::vector<llvm::StringRef> known;
  if (!model.input)
    known.push_back("ids");
  for (const auto &entry : named)
    known.push_back(entry.first());
  llvm::sort(known); // of equally near ones the first
  return nearest(name, known);
}

} // namespace ashlar
