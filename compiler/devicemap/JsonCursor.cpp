#include "compiler/devicemap/JsonCursor.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace ashlar::devicemap {

using llvm::json::Value;

llvm::SMLoc JsonCursor::place() const {
  llvm::SmallVector<llvm::StringRef, 16> names(path.begin(), path.end());
  return locatePath(text, names);
}

bool JsonCursor::fail(const llvm::Twine &message) const {
  diags.error(Exit::BadInput, place(), message);
  return false;
}

bool JsonCursor::fail(const llvm::Twine &message, const llvm::Twine &wayOut) const {
  fail(message);
  diags.note(wayOut);
  return false;
}

bool JsonCursor::items(const Value &value, llvm::function_ref<bool(const Value &)> read) {
  const llvm::json::Array *array = value.getAsArray();
  if (!array)
    return fail("expected a list");
  for (size_t i = 0; i != array->size(); ++i) {
    path.push_back(std::to_string(i));
    if (!read((*array)[i]))
      return false;
    path.pop_back();
  }
  return true;
}

bool JsonCursor::members(const Value &value,
                         llvm::function_ref<bool(llvm::StringRef, const Value &)> read) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object)
    return fail("expected an object");
  std::vector<const llvm::json::Object::value_type *> sorted;
  for (const auto &member : *object)
    sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(), [](auto *a, auto *b) { return a->first < b->first; });
  for (const auto *member : sorted) {
    path.push_back(llvm::StringRef(member->first).str());
    if (!read(member->first, member->second))
      return false;
    path.pop_back();
  }
  return true;
}

bool JsonCursor::member(const Value &object, llvm::StringRef key,
                        llvm::function_ref<bool(const Value &)> read) {
  const llvm::json::Object *members = object.getAsObject();
  const Value *value = members ? members->get(key) : nullptr;
  if (!value)
    return true;
  path.push_back(key.str());
  if (!read(*value))
    return false;
  path.pop_back();
  return true;
}

bool JsonCursor::onlyMembers(const Value &value, llvm::ArrayRef<llvm::StringRef> known) {
  return members(value, [&](llvm::StringRef key, const Value &) {
    return llvm::is_contained(known, key) ||
           fail("unknown key", "known here: " + llvm::join(known, ", "));
  });
}

bool JsonCursor::warnOfOthers(const Value &value, llvm::ArrayRef<llvm::StringRef> known) {
  return members(value, [&](llvm::StringRef key, const Value &) {
    if (!llvm::is_contained(known, key))
      diags.warning(place(), "this key is not read; those that are: " + llvm::join(known, ", "));
    return true;
  });
}

bool JsonCursor::string(const Value &value, std::string &into) const {
  std::optional<llvm::StringRef> found = value.getAsString();
  if (!found)
    return fail("expected a string");
  into = found->str();
  return true;
}

bool JsonCursor::boolean(const Value &value, bool &into) const {
  std::optional<bool> found = value.getAsBoolean();
  if (!found)
    return fail("expected true or false");
  into = *found;
  return true;
}

bool JsonCursor::strings(const Value &value, std::vector<std::string> &into) {
  return items(value, [&](const Value &item) { return string(item, into.emplace_back()); });
}

} // namespace ashlar::devicemap
