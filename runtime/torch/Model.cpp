#include "runtime/torch/Model.h"

#include "runtime/Session.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

// Linked beside this file, and not opened.
extern "C" const AshlarTorchOperations *ashlar_torch_operations();

namespace ashlar::torch {

struct Model::State {
  Session session{model};
};

static void check(const Failure &failure) {
  if (failure)
    throw Error(static_cast<int>(failure.code),
                failure.text + (failure.note.empty() ? "" : "\n" + failure.note));
}

static void require(bool holds, const std::string &text) {
  if (!holds)
    throw Error(static_cast<int>(ExitCode::BadInput), text);
}

static std::string shapeOf(const at::Tensor &tensor) {
  std::string text = "[";
  for (int64_t size : tensor.sizes())
    text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

Model::Model(const std::string &pack) : state(std::make_unique<State>()) {
  state->session.torch.use(*ashlar_torch_operations());
  check(state->session.open(pack, ""));
  check(state->session.load());
}
Model::Model(Model &&) noexcept = default;
Model &Model::operator=(Model &&) noexcept = default;
Model::~Model() = default;

bool Model::readsRows() const { return state->session.model.forward != nullptr; }
int64_t Model::inputColumns() const { return int64_t(state->session.model.inputColumns); }
int64_t Model::outputColumns() const {
  const ModelInfo &info = state->session.model;
  return int64_t(readsRows() ? info.outputColumns : info.vocabulary);
}
int64_t Model::context() const { return int64_t(state->session.model.context); }

static std::vector<int32_t> idsOf(const at::Tensor &tensor) {
  require(tensor.dim() == 1 && tensor.numel() > 0 &&
              at::isIntegralType(tensor.scalar_type(), false),
          "token ids are whole numbers in one dimension, at least one of them; these are " +
              std::string(at::toString(tensor.scalar_type())) + " " + shapeOf(tensor));
  at::Tensor ids = tensor.to(at::kCPU, at::kLong).contiguous();
  std::vector<int32_t> result;
  for (int64_t id : std::span(ids.const_data_ptr<int64_t>(), size_t(ids.numel())))
    result.push_back(int32_t(std::clamp<int64_t>(id, -1, INT32_MAX))); // others are refused later
  return result;
}

static at::Tensor forwardRows(Session &session, const at::Tensor &input) {
  const ModelInfo &info = session.model;
  auto inputs = int64_t(info.inputColumns), outputs = int64_t(info.outputColumns);
  require(input.dim() == 2 && input.size(1) == inputs, "the model reads rows [rows, " +
                                                           std::to_string(inputs) +
                                                           "], these are " + shapeOf(input));
  at::Tensor rows = input.to(at::kCPU, at::kFloat).contiguous();
  at::Tensor result = at::empty({rows.size(0), outputs}, at::kFloat);
  for (int64_t done = 0; done < rows.size(0);) {
    int64_t take = std::min<int64_t>(info.chunk, rows.size(0) - done);
    std::memcpy(session.input().data(), rows.const_data_ptr<float>() + done * inputs,
                size_t(take * inputs) * sizeof(float));
    check(session.forward(uint32_t(take)));
    std::memcpy(result.data_ptr<float>() + done * outputs, session.output().data(),
                size_t(take * outputs) * sizeof(float));
    done += take;
  }
  return result;
}

at::Tensor Model::forward(const at::Tensor &input) {
  Session &session = state->session;
  if (readsRows())
    return forwardRows(session, input);
  std::vector<int32_t> ids = idsOf(input);
  at::Tensor result = at::empty({int64_t(ids.size()), outputColumns()}, at::kFloat);
  struct Rows {
    float *at;
    size_t columns;
  } rows{result.data_ptr<float>(), size_t(outputColumns())};
  session.restart();
  check(session.append(
      ids, 0,
      [](void *context, uint64_t position, const float *logits) {
        auto &rows = *static_cast<Rows *>(context);
        std::memcpy(rows.at + position * rows.columns, logits, rows.columns * sizeof(float));
      },
      &rows));
  return result;
}

static std::string textOf(float number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", double(number));
  return text;
}

/// The ranges of an app's options.
static void checkSampling(const SamplerOptions &s) {
  require(s.temperature >= 0 && s.temperature <= 100,
          "temperature is a number from 0 to 100, not " + textOf(s.temperature));
  require(s.topP > 0 && s.topP <= 1,
          "topP is a number above 0 and at most 1, not " + textOf(s.topP));
  require(s.minP >= 0 && s.minP <= 1, "minP is a number from 0 to 1, not " + textOf(s.minP));
  require(s.repetitionPenalty >= 0.01f && s.repetitionPenalty <= 100,
          "repetitionPenalty is a number from 0.01 to 100, not " + textOf(s.repetitionPenalty));
}

at::Tensor Model::generate(const at::Tensor &ids, int64_t count, const SamplerOptions &sampling,
                           bool ignoreEnd) {
  Session &session = state->session;
  require(!readsRows(), "the model reads rows: it generates nothing");
  checkSampling(sampling);
  std::vector<int32_t> prompt = idsOf(ids);
  session.restart();
  check(session.append(prompt));
  std::span<const int32_t> ends = session.model.endTokens;
  std::vector<int64_t> generated;
  Sampler sampler(sampling);
  while (int64_t(generated.size()) < count) {
    int32_t id = sampler.next(session.logits(), session.sequence(), session.samplerScratch());
    require(id != Sampler::Failed, "the logits are not numbers: the weights are damaged");
    if (!ignoreEnd && std::find(ends.begin(), ends.end(), id) != ends.end())
      break;
    generated.push_back(id);
    if (session.length() == session.model.context || int64_t(generated.size()) == count)
      break;
    check(session.append(std::span(&id, 1)));
  }
  at::Tensor result = at::empty({int64_t(generated.size())}, at::kLong);
  std::copy(generated.begin(), generated.end(), result.data_ptr<int64_t>());
  return result;
}

} // namespace ashlar::torch
