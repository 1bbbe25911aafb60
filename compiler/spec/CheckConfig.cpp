// What a spec takes from the config as a whole: names, requirements, the context and ropes.

#include "compiler/spec/Checker.h"
#include "compiler/spec/RopeFrequencies.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace ashlar {

static bool mentions(const spec::File &file, spec::ExprId id, const llvm::StringSet<> &names) {
  const spec::Expr &e = file.expr(id);
  return (e.kind == spec::ExprKind::Name && names.contains(e.text)) ||
         llvm::any_of(e.operands, [&](spec::ExprId part) { return mentions(file, part, names); });
}

// What builds on a setting that failed is passed over in silence: it is the same mistake.
bool Checker::settings() {
  evaluator.namesAreKeys = true;
  llvm::StringSet<> broken;
  for (const spec::Setting &next : file.settings)
    if (mentions(file, next.value, broken) || !setting(next))
      broken.insert(next.name);
  evaluator.namesAreKeys = false;
  return !errors.any();
}

bool Checker::setting(const spec::Setting &setting) {
  if (setting.name.empty()) {
    std::optional<bool> holds = evaluator.boolean(setting.value, "a requirement");
    if (holds && !*holds)
      requirementFails(setting.value);
    return holds && *holds;
  }
  std::optional<Constant> value = evaluator.value(setting.value);
  if (!value)
    return false;
  Symbol symbol = {Symbol::IsConstant, setting.name, std::move(*value),
                   evaluator.keys(setting.value)};
  return symbols.define(std::move(symbol), errors);
}

void Checker::requirementFails(spec::ExprId id) {
  const spec::Expr *e = &file.expr(id);
  while (e->kind == spec::ExprKind::Binary && e->op == spec::Operator::And) {
    id = e->operands[*evaluator.boolean(e->operands[0], "") ? 1 : 0];
    e = &file.expr(id);
  }
  auto isNull = [&](spec::ExprId side) { return file.expr(side).kind == spec::ExprKind::Null; };
  std::string sides;
  if (e->kind == spec::ExprKind::Binary && spec::precedence(e->op) == spec::ComparisonPrecedence &&
      !isNull(e->operands[0]) && !isNull(e->operands[1]))
    sides = ": its left side is " + show(*evaluator.value(e->operands[0])) +
            ", its right side is " + show(*evaluator.value(e->operands[1]));
  errors.error(spec::at(e->text), "this config is not for spec " + file.name +
                                      ": what it requires here is false" + sides);
  evaluator.noteKeys(id);
  errors.note("a model that differs here needs a spec of its own: --spec FILE");
}

bool Checker::context() {
  if (!file.context)
    return true;
  std::optional<int64_t> length = evaluator.integer(*file.context, "the context", 1, MaxSize);
  model.maxContext = length.value_or(0);
  return length.has_value();
}

bool Checker::rope(const spec::RopeItem &item) {
  if (!namePrefix.empty()) {
    errors.error(spec::at(item.name), "a rope stands outside of every 'each'");
    return false;
  }
  if (!blockNames.insert(item.name).second) { // the rope's angles are a block of its name
    errors.error(spec::at(item.name), "a block is named " + item.name + " already");
    return false;
  }
  constexpr int64_t MaxDims = 1 << 16;
  const RopeConfig &from = config.rope();
  std::optional<int64_t> dims;
  double theta = from.theta.value_or(10000);
  for (const spec::NamedArgument &argument : item.arguments) {
    if (argument.name == "dims") {
      if (!(dims = evaluator.integer(argument.value, "dims", 1, MaxDims)))
        return false;
    } else if (argument.name == "theta") {
      std::optional<double> fallback = evaluator.real(argument.value, "theta");
      if (!fallback)
        return false;
      theta = from.theta.value_or(*fallback);
    } else {
      errors.error(spec::at(argument.name), "a rope has no argument \"" + argument.name + "\"");
      errors.note("write rope " + item.name +
                  "(dims = D), and theta = … where the config may "
                  "leave it out");
      return false;
    }
  }
  if (!dims) {
    errors.error(spec::at(item.name),
                 "the rope does not say how many columns of a head it rotates");
    errors.note("write rope " + item.name + "(dims = D)");
    return false;
  }

  llvm::SMLoc where = config.where("rope_theta");
  for (llvm::StringRef key : {"rope_scaling", "rope_parameters"})
    if (config.find(key))
      where = config.where(key);
  auto fail = [&](const llvm::Twine &text) {
    errors.error(where, text);
    errors.note(spec::at(item.name), "for this rope");
    return false;
  };
  double rotated = double(*dims) * from.partial;
  if (!(rotated >= 2 && rotated <= double(*dims)) || uint64_t(rotated) % 2 != 0)
    return fail("the rope would rotate " + show(rotated) + " of " + llvm::Twine(*dims) +
                " columns, and takes an even number of them");
  if (!spend(sizeof(Rope) + uint64_t(rotated) / 2 * sizeof(float), item.name))
    return false;
  Rope rope = {item.name.str(), uint64_t(rotated), ropeFrequencies(from, theta, rotated), 1};
  if (!llvm::all_of(rope.frequencies, [](float f) { return std::isfinite(f); }))
    return fail("the rope's frequencies are not finite numbers");
  Symbol symbol = {Symbol::IsRope, item.name, {}, {}, uint32_t(model.ropes.size())};
  model.ropes.push_back(std::move(rope));
  ropeHasAngles.push_back(false);
  return symbols.define(std::move(symbol), errors);
}

} // namespace ashlar
