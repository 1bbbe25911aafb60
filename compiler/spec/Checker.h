/// Binds a spec to a config, item by item. Loops are unrolled here: what follows sees numbers only.
#pragma once

#include "compiler/spec/Flow.h"
#include "compiler/spec/Spec.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace ashlar {

class Checker {
public:
  Checker(const spec::File &file, const Config &config, Diagnostics &diags)
      : file(file), config(config), diags(diags), errors(diags),
        evaluator(file, config, symbols, errors) {}
  std::optional<Model> run();

private:
  // CheckConfig.cpp
  bool settings();
  bool setting(const spec::Setting &setting);
  void requirementFails(spec::ExprId id);
  bool context();
  bool rope(const spec::RopeItem &item);

  // Check.cpp
  bool items(const std::vector<spec::Item> &items);
  bool item(const spec::Setting &item);
  bool item(const spec::RopeItem &item) { return rope(item); }
  bool item(const spec::InputItem &item);
  bool item(const spec::WeightItem &item);
  bool item(const spec::BlockItem &item);
  bool item(const spec::IgnoreItem &item);
  bool positionsSuffice();
  void endTokens();
  void classesByUse();
  std::optional<std::vector<uint64_t>> sizes(llvm::ArrayRef<spec::ExprId> of,
                                             const llvm::Twine &what);
  std::optional<WeightId> addWeight(const spec::WeightItem &item, std::string name,
                                    std::string tensor, std::vector<uint64_t> shape);
  bool addBias(const spec::WeightItem &item, WeightId of);
  bool tie(const spec::WeightItem &item, WeightId id);
  void addAngles(const Block &block);
  void warn();

  // CheckModules.cpp
  bool item(const spec::ScopeItem &item);
  bool item(const spec::BufferItem &item);
  bool item(const spec::IfItem &item);
  bool absent(const std::vector<spec::Item> &items);
  bool scope(const spec::ScopeItem &item);
  bool each(const spec::ScopeItem &item);
  bool repeat(const spec::Loop &loop);
  bool addPrefix(const spec::ScopeItem &item, const std::string &path);
  bool addModules(llvm::StringRef path, llvm::StringRef at);
  bool addModule(llvm::StringRef path, llvm::StringRef at);
  Module *moduleOf(llvm::StringRef path);
  bool setClass(Module &module, llvm::StringRef text);
  bool keepWhole(llvm::StringRef className, llvm::StringRef at);
  bool keepWholeUnmade(const spec::ScopeItem &item, int64_t number);
  std::optional<std::string> classOf(llvm::StringRef text);
  std::optional<std::string> filled(llvm::StringRef text);
  std::optional<std::string> path(llvm::StringRef text);
  bool spend(uint64_t bytes, llvm::StringRef at);

  const spec::File &file;
  const Config &config;
  Diagnostics &diags;
  Errors errors;
  Symbols symbols;
  Evaluator evaluator;
  Model model;
  Streams streams{model};

  std::string prefix;     // of modules and tensors: "model.layers.3."
  std::string namePrefix; // of weights and blocks: "layers.3."
  std::optional<uint32_t> layer;
  std::vector<bool> usedWeights;
  llvm::StringMap<uint32_t> moduleByPath;
  llvm::StringSet<> weightNames, tensorNames, blockNames;
  llvm::StringSet<> wholeClasses; // those that device maps keep whole
  std::vector<bool> ropeHasAngles;
  std::optional<uint32_t> lastCache; // the last layer with an attend
  uint64_t spent = 0;                // bytes of the model's description
  uint64_t repeated = 0;             // characters that loops went over
};

} // namespace ashlar
