#include "compiler/spec/Words.h"

#include "llvm/ADT/STLExtras.h"

namespace ashlar::spec {

namespace {

// Those that could not be told from a name where they stand; "weight", say, can.
constexpr llvm::StringLiteral Language[] = {
    "config", "else", "false", "if", "in", "null", "require", "return", "then", "true",
};

constexpr llvm::StringLiteral Cpp[] = {
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "enum",
    "explicit",
    "export",
    "extern",
    "float",
    "friend",
    "goto",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

// What emitted source calls its own things.
constexpr llvm::StringLiteral Emission[] = {
    "act",   "ashlar", "at",   "host",   "keys",   "main",
    "state", "std",    "step", "stream", "values", "weights",
};

} // namespace

std::string unfit(llvm::StringRef name) {
  if (llvm::is_contained(Language, name))
    return "is a word of the spec language";
  if (llvm::is_contained(Cpp, name))
    return "is a word of C++";
  if (llvm::is_contained(Emission, name))
    return "is a name that emitted source uses itself";
  if (name.starts_with("_") || name.ends_with("_"))
    return "begins or ends with an underscore";
  if (name.contains("__"))
    return "holds two underscores in a row, which C++ keeps for itself";
  return "";
}

} // namespace ashlar::spec
