#include "compiler/machine/ProfileValues.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace ashlar::profile {
namespace {

/// The largest that is believed: sums of a few of these still fit in 64 bits.
constexpr uint64_t MaxBytes = uint64_t(1) << 56;
/// No number needs more digits, and reading them takes time that grows with their square.
constexpr size_t MaxDigits = 64;

bool isName(llvm::StringRef text, llvm::StringRef punctuation) {
  return !text.empty() && text.size() <= 64 && llvm::isAlpha(text[0]) &&
         llvm::all_of(text, [&](char c) { return llvm::isAlnum(c) || punctuation.contains(c); });
}

} // namespace

bool ValueReader::given(const Scalar &scalar, llvm::SMLoc owner, const char *key) {
  if (!scalar)
    error(owner, llvm::Twine("there is no '") + key + "' here");
  return bool(scalar);
}

std::string ValueReader::readName(const Scalar &scalar, llvm::SMLoc owner,
                                  llvm::StringRef punctuation) {
  if (given(scalar, owner, "name") && !isName(scalar.text, punctuation))
    error(scalar.at, "a name is a letter and at most 63 letters, digits or " +
                         llvm::join(llvm::map_range(punctuation,
                                                    [](char c) {
                                                      return std::string{'\'', c, '\''};
                                                    }),
                                    " "));
  return scalar.text;
}

uint64_t ValueReader::readNumber(const Scalar &scalar, llvm::SMLoc owner, const char *key,
                                 uint64_t most) {
  if (!given(scalar, owner, key))
    return 0;
  uint64_t value = 0;
  if (scalar.text.size() > MaxDigits || llvm::StringRef(scalar.text).getAsInteger(10, value) ||
      value > most) {
    error(scalar.at, "expected a number from 0 to " + llvm::Twine(most));
    return 0;
  }
  return value;
}

Source ValueReader::readSource(const Scalar &scalar, llvm::StringRef &value) {
  llvm::StringRef word;
  std::tie(value, word) = llvm::StringRef(scalar.text).split(' ');
  word = word.trim(' ');
  if (word.empty())
    return Source::Declared;
  for (Source source : {Source::Declared, Source::Measured, Source::Derived})
    if (word == name(source))
      return source;
  error(scalar.at, "'" + word + "' does not say where a number comes from");
  diags.note("a number is declared, measured or derived; without a word it is declared");
  return Source::Declared;
}

Bytes ValueReader::readBytes(const Scalar &scalar, llvm::StringRef value) {
  auto bytes = value.size() > MaxDigits ? std::nullopt : parseBytes(value.str());
  if (bytes && bytes->value > 0 && bytes->value <= MaxBytes)
    return *bytes;
  if (bytes)
    error(scalar.at, "'" + value + "' is not from 1 to " + llvm::Twine(MaxBytes) + " bytes");
  else
    error(scalar.at, "expected bytes: a number, or one with a unit as in '24GiB'");
  return Bytes(1);
}

ashlar::Rate ValueReader::readRate(const Scalar &scalar, llvm::SMLoc owner, const char *key) {
  ashlar::Rate rate{1, Source::Declared};
  if (!given(scalar, owner, key))
    return rate;
  llvm::StringRef value;
  rate.source = readSource(scalar, value);
  double perSecond = 0;
  if (value.size() > MaxDigits || value.getAsDouble(perSecond)) {
    error(scalar.at, "expected a number for each second, as in '37.1e9 measured'");
    return rate;
  }
  if (!std::isfinite(perSecond) || perSecond <= 0) {
    error(scalar.at, "a rate must be more than 0 and finite; this is '" + value + "'");
    return rate;
  }
  rate.perSecond = perSecond;
  return rate;
}

} // namespace ashlar::profile
