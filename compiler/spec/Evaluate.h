/// The value of a spec's constant expressions under a config: integers of 64 bits that never wrap
/// around, real numbers that are always finite, booleans, strings and null.
#pragma once

#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Model.h"
#include "compiler/spec/Symbols.h"
#include "compiler/spec/Syntax.h"

#include <optional>

namespace ashlar {

/// Sizes of tensors, and counts of anything, are between 1 and this.
constexpr int64_t MaxSize = int64_t(1) << 31;

class Evaluator {
public:
  Evaluator(const spec::File &file, const Config &config, const Symbols &symbols, Errors &errors)
      : file(file), config(config), symbols(symbols), errors(errors) {}

  /// Within config { } an unknown name is a key of the config; elsewhere keys are written
  /// `config.KEY`.
  bool namesAreKeys = false;

  // All of them: nothing, with an error, where there is no such value.
  std::optional<Constant> value(spec::ExprId id);
  std::optional<bool> boolean(spec::ExprId id, const llvm::Twine &what);
  std::optional<int64_t> integer(spec::ExprId id, const llvm::Twine &what, int64_t least,
                                 int64_t most);
  std::optional<double> real(spec::ExprId id, const llvm::Twine &what);
  std::optional<Activation> activation(spec::ExprId id);

  /// The first few config keys that an expression reads, also through names.
  llvm::SmallVector<std::string, 1> keys(spec::ExprId id) const;
  /// Says for each of them what the config holds, and where: belongs to the error before it.
  void noteKeys(spec::ExprId id);

private:
  std::optional<Constant> evaluate(spec::ExprId id, bool mayBeAbsent);
  std::optional<Constant> name(const spec::Expr &e, bool mayBeAbsent);
  std::optional<Constant> key(llvm::StringRef key, bool mayBeAbsent);
  std::optional<Constant> unary(const spec::Expr &e);
  std::optional<Constant> binary(const spec::Expr &e, bool mayBeAbsent);
  std::optional<Constant> arithmetic(const spec::Expr &e, const Constant &a, const Constant &b);
  std::optional<Constant> integers(const spec::Expr &e, int64_t a, int64_t b);
  std::optional<Constant> joined(const spec::Expr &e, const std::string &a, const std::string &b);
  std::optional<Constant> compare(const spec::Expr &e, const Constant &a, const Constant &b);
  // EvaluateCall.cpp
  std::optional<Constant> call(const spec::Expr &e);
  std::optional<Constant> element(const spec::Expr &e, bool mayBeAbsent);
  std::optional<Constant> has(const spec::Expr &e);
  std::optional<Constant> count(const spec::Expr &e);
  std::optional<Constant> classOf(const spec::Expr &e);
  std::optional<Constant> capital(const spec::Expr &e);

  std::optional<Constant> finite(const spec::Expr &e, double value);
  std::nullopt_t mismatch(const spec::Expr &e, const Constant &a, const Constant &b);
  static std::string described(const Constant &constant);
  static std::optional<Constant> constantOf(const llvm::json::Value &value);
  static bool isList(const Constant &constant) {
    return std::holds_alternative<const llvm::json::Array *>(constant);
  }

  const spec::File &file;
  const Config &config;
  const Symbols &symbols;
  Errors &errors;
};

} // namespace ashlar
