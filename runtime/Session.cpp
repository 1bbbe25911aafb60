#include "runtime/Session.h"

#include "runtime/Preflight.h"

#include <algorithm>
#include <cstring>

namespace ashlar {

Failure Session::open(const std::string &weights, const std::string &torchModule) {
  if (Failure f = refuse(preflight(model)))
    return f;
  if (model.torch && !torch.isOpen())
    if (Failure f = torch.open(torchModule))
      return f;
  if (Failure f = pack.open(weights, model))
    return f;
  if (Failure f = arena.allocate(model.hostBytes))
    return f;
  std::string error;
  if (!team.start(error))
    return {ExitCode::InputOutput,
            "cannot start " + std::to_string(model.threads) + " threads: " + error,
            "lift the limit on threads (ulimit -u)"};
  if (Failure f = pack.load(model, arena.base(), team))
    return f;
  uint64_t bytes = model.textBytes;
  std::byte *at = arena.base() + model.textOffset;
  if (Failure f = pack.read(PackKind::Tokenizer, at, bytes))
    return f;
  if (bytes) {
    const char *wrong = nullptr;
    text = Tokenizer::open({at, bytes}, &wrong);
    if (!text)
      return {ExitCode::BadInput, pack.where() + ": the pack is damaged: " + wrong,
              "build the app anew with ashlar build"};
  }
  return {};
}

std::span<float> Session::logits() const {
  return {reinterpret_cast<float *>(arena.base() + model.logitsOffset), model.vocabulary};
}

std::span<const int32_t> Session::sequence() const {
  return {reinterpret_cast<const int32_t *>(arena.base() + model.idsOffset), position};
}

std::span<std::byte> Session::samplerScratch() const {
  return {arena.base() + model.samplerOffset, model.samplerBytes};
}

void Session::deliver(void *context, uint32_t row, const float *logits) {
  auto &delivery = *static_cast<Delivery *>(context);
  if (delivery.each)
    delivery.each(delivery.context, delivery.position + row, logits);
}

int32_t *Session::sequenceIds() const {
  return reinterpret_cast<int32_t *>(arena.base() + model.idsOffset);
}

/// The tokens stand in the sequence already.
void Session::step(Entry entry, uint32_t tokens, uint32_t firstLogits, Delivery delivery) {
  StepState state;
  state.host = arena.base();
  state.ids = sequenceIds() + position;
  state.position = position;
  state.tokens = tokens;
  state.firstLogits = firstLogits;
  state.torch = torch.isOpen() ? &torch : nullptr;
  state.deliver = deliver;
  state.context = &delivery;
  team.run(entry, state);
  position += tokens;
}

Failure Session::append(std::span<const int32_t> ids, Deliver each, void *context) {
  if (ids.size() > model.context - position)
    return {ExitCode::BadInput,
            std::to_string(position + ids.size()) + " tokens, the context holds " +
                std::to_string(model.context),
            "shorten the prompt, or build with a larger --context"};
  for (int32_t id : ids)
    if (id < 0 || uint64_t(id) >= model.vocabulary)
      return {ExitCode::BadInput,
              "token " + std::to_string(id) + " is outside of the vocabulary of " +
                  std::to_string(model.vocabulary),
              ""};
  std::memcpy(sequenceIds() + position, ids.data(), ids.size_bytes());
  for (size_t done = 0; done < ids.size();) {
    bool single = ids.size() == 1;
    uint32_t take = uint32_t(std::min<size_t>(model.chunk, ids.size() - done));
    bool last = done + take == ids.size();
    step(single ? model.decode : model.prefill, take,
         each   ? 0
         : last ? take - 1
                : take,
         {each, context, position});
    if (Failure f = torch.takeFailure())
      return f;
    done += take;
    if (interrupted && interrupted())
      break;
  }
  return {};
}

void Session::appendPlain(int32_t id) {
  sequenceIds()[position] = id;
  step(model.plain, 1, 0, {nullptr, nullptr, position});
}

std::span<float> Session::input() const {
  return {reinterpret_cast<float *>(arena.base() + model.inputOffset),
          model.chunk * model.inputColumns};
}

std::span<const float> Session::output() const {
  return {reinterpret_cast<const float *>(arena.base() + model.outputOffset),
          model.chunk * model.outputColumns};
}

Failure Session::forward(uint32_t rows) {
  run(rows, model.forward, torch.isOpen() ? &torch : nullptr);
  return torch.takeFailure();
}

void Session::run(uint32_t rows, Entry entry, TorchLibrary *torchOrNone) {
  StepState state;
  state.host = arena.base();
  state.tokens = rows;
  state.torch = torchOrNone;
  team.run(entry, state);
}

} // namespace ashlar
