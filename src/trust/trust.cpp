#include "trust/trust.hpp"

#include <utility>

namespace cityloom::trust {
namespace {

class OpenGate final : public Gate {
 public:
  Decision decide(const Subject&, Action, const Resource&) const override { return {true, {}}; }
};

class ClosedGate final : public Gate {
 public:
  explicit ClosedGate(std::string reason) : reason_(std::move(reason)) {}
  Decision decide(const Subject&, Action, const Resource&) const override { return {false, reason_}; }

 private:
  std::string reason_;
};

}  // namespace

std::string_view name_of(Action action) {
  switch (action) {
    case Action::look:
      return "look";
    case Action::read:
      return "read";
    case Action::write:
      return "write";
    case Action::subscribe:
      return "subscribe";
    case Action::administer:
      return "administer";
  }
  return "unknown";
}

std::unique_ptr<Gate> make_open_gate() {
  return std::make_unique<OpenGate>();
}

std::unique_ptr<Gate> make_closed_gate(std::string reason) {
  return std::make_unique<ClosedGate>(std::move(reason));
}

}  // namespace cityloom::trust
