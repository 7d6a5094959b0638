// What every kind of link is to its worker.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "link/intake.hpp"
#include "link/waker.hpp"

namespace cityloom::link {

/// One link at work. Its worker calls `turn` again and again, resting in between as told, and `stop` at the end.
class Actor {
 public:
  virtual ~Actor() = default;

  /// Does what can be done now, without waiting, and says what to wait for.
  virtual Rest turn() = 0;

  /// Takes nothing new, waits for what the thread has in hand.
  virtual void stop() = 0;

  /// A payload by push. Only links of kind push take it; the others answer `conflict`. Any worker.
  virtual void push(std::string payload, std::function<void(base::Status)> done);
};

/// What an actor is made from.
struct ActorContext {
  LinkDefinition definition;
  Mapper mapper;
  IntakeContext intake;
  std::vector<std::string> folders;
  uint64_t seed = 0;
};

/// Plays a table of the past.
std::unique_ptr<Actor> make_replay_actor(ActorContext context);
/// Takes pushed messages.
std::unique_ptr<Actor> make_push_actor(ActorContext context);
/// Subscribes to a broker.
std::unique_ptr<Actor> make_mqtt_actor(ActorContext context);

}  // namespace cityloom::link
