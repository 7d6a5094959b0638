// The one decision: who may do what. Every route, feed and subscription asks it, and nothing else decides.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cityloom::trust {

/// Who asks. Views: valid while the question is asked. Until identity exists, `name` is empty: nobody is known.
struct Subject {
  std::string_view name;
  std::string_view address;  ///< where the request came from, e.g. "127.0.0.1"; empty inside the program
};

/// What is asked for.
enum class Action : unsigned char {
  look,        ///< what tells nothing about the city: health, the console's own files, the description of the doors
  read,        ///< entities, their history, tiles, routes, exports
  write,       ///< create, change or delete entities; import
  subscribe,   ///< hear of changes from now on: subscriptions and streams
  administer,  ///< branches, links, contexts: how the twin itself is set up
};

/// The name of an action as it stands in reasons and logs, e.g. "read".
std::string_view name_of(Action action);

/// What the action is on. What does not apply, or is not known yet, is empty: a route asks with what its address
/// says, and whoever reads on asks again with types and attributes. Views: valid while the question is asked.
struct Resource {
  std::string_view tenant;  ///< empty: the default one
  std::string_view branch;  ///< empty: main
  std::string_view entity_id;
  std::string_view entity_type;
  std::string_view attribute;  ///< as named in the request, or its IRI
  std::string_view door;       ///< operation id of the route, "subscription" or "stream"
};

/// The answer, with a reason that a person understands; the reason may be empty when it is yes.
struct Decision {
  bool allow = false;
  std::string reason;
};

/// Decides. Any worker may ask, on the way of every request: cheap, never blocking.
class Gate {
 public:
  virtual ~Gate() = default;
  /// Whether the subject may do this. The reason of a no is shown to who asked.
  virtual Decision decide(const Subject& subject, Action action, const Resource& resource) const = 0;
};

/// The gate until identity and policy exist: yes to everybody. The server listens on 127.0.0.1 only because of it.
std::unique_ptr<Gate> make_open_gate();

/// No to everything: proves that a door asks at all, and closes a server for maintenance.
std::unique_ptr<Gate> make_closed_gate(std::string reason);

}  // namespace cityloom::trust
