#include "compiler/spec/Symbols.h"

#include "compiler/spec/Syntax.h"

#include <charconv>

namespace ashlar {

std::string show(const Constant &constant) {
  if (auto *value = std::get_if<bool>(&constant))
    return *value ? "true" : "false";
  if (auto *value = std::get_if<int64_t>(&constant))
    return std::to_string(*value);
  if (auto *value = std::get_if<double>(&constant)) {
    char buffer[40];
    return std::string(buffer, std::to_chars(buffer, std::end(buffer), *value).ptr);
  }
  if (auto *value = std::get_if<std::string>(&constant)) {
    constexpr size_t Shown = 80;
    std::string text = "\"";
    llvm::raw_string_ostream(text).write_escaped(llvm::StringRef(*value).take_front(Shown));
    return text + (value->size() > Shown ? "…\"" : "\"");
  }
  if (auto *list = std::get_if<const llvm::json::Array *>(&constant))
    return "a list of " + std::to_string((*list)->size());
  return "null";
}

std::optional<double> asNumber(const Constant &constant) {
  if (auto *value = std::get_if<int64_t>(&constant))
    return static_cast<double>(*value);
  if (auto *value = std::get_if<double>(&constant))
    return *value;
  return std::nullopt;
}

llvm::StringRef typeName(const Constant &constant) {
  constexpr llvm::StringLiteral Names[] = {"null",          "a boolean", "an integer",
                                           "a real number", "a string",  "a list"};
  return Names[constant.index()];
}

static llvm::StringRef describe(Symbol::Kind kind) {
  constexpr llvm::StringLiteral Names[] = {"a constant", "a weight", "a weight", "a rope",
                                           "a value"};
  return Names[kind];
}

bool Symbols::define(Symbol symbol, Errors &errors) {
  auto [known, isNew] = byName.try_emplace(symbol.name, symbols.size());
  if (!isNew) {
    const Symbol &before = symbols[known->second];
    errors.error(spec::at(symbol.name),
                 "\"" + symbol.name + "\" is the name of " + describe(before.kind) + " already");
    errors.note(spec::at(before.name), "here");
    return false;
  }
  symbols.push_back(std::move(symbol));
  return true;
}

const Symbol *Symbols::find(llvm::StringRef name) const {
  auto found = byName.find(name);
  return found == byName.end() ? nullptr : &symbols[found->second];
}

llvm::StringRef Symbols::nearestTo(llvm::StringRef name) const {
  std::vector<llvm::StringRef> names;
  for (const Symbol &symbol : symbols)
    names.push_back(symbol.name);
  return nearest(name, names);
}

void Symbols::reportUnknown(llvm::StringRef name, Errors &errors) const {
  errors.error(spec::at(name), "unknown name \"" + name + "\"");
  if (llvm::StringRef near = nearestTo(name); !near.empty())
    errors.note("did you mean \"" + near + "\"?");
}

void Symbols::release(size_t mark) {
  while (symbols.size() > mark) {
    byName.erase(symbols.back().name);
    symbols.pop_back();
  }
}

} // namespace ashlar
