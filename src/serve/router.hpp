// The table of routes: what each answers, what it asks of trust, and how it is described in /openapi.json.
#pragma once

#include <absl/functional/any_invocable.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "serve/problem.hpp"
#include "serve/request.hpp"
#include "serve/response.hpp"
#include "trust/trust.hpp"

namespace cityloom::serve {

/// Where a request waits for its response. Implemented by the engine and by tests.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Sends; called once. Any worker.
  virtual void send(Response response) = 0;
  /// Runs `task` on the worker of the exchange. Any worker.
  virtual void post(absl::AnyInvocable<void()> task) = 0;
  /// Runs `task` on a worker for long work; false, and `task` is left as it was, if too much of it waits. Any worker.
  virtual bool post_long(absl::AnyInvocable<void()>& task) = 0;
  /// Whether somebody still waits for the answer. Any worker.
  virtual bool is_wanted() const { return true; }
};

/// The right and duty to answer one request once. Destroyed without `send`, it answers 500, so that nobody waits for
/// ever. Move it to wherever the answer becomes known; any worker may send. The request lives until then.
class Reply {
 public:
  explicit Reply(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&&) noexcept = default;
  ~Reply();

  /// Answers. On the connection's own worker, before the handler returns, it costs no hand-over.
  void send(Response response);
  /// Answers with problem details of the route's kind (NGSI-LD or ours).
  void fail(const base::Error& error);
  /// Runs `task` on the connection's worker and gives the reply along: for work that must not burden the caller's
  /// worker (the appender).
  void resume(absl::AnyInvocable<void(Reply)> task);

  /// How `fail` tells errors: the engine sets that of the route.
  void set_problem_style(const ProblemStyle* style) { style_ = style; }
  /// Runs `task` on a worker for long work, which may block; answers 503 if too much of it waits already. For a request
  /// of which only the handler knows that it takes long; else mark the route `blocking`.
  void run_long(absl::AnyInvocable<void(Reply)> task);
  /// Whether the answer is still of use: false once the client of long work has gone, or the server stops. Long work
  /// asks now and then, and ends early with any answer. Costs two loads.
  bool is_wanted() const { return exchange_ != nullptr && exchange_->is_wanted(); }

 private:
  std::shared_ptr<Exchange> exchange_;
  const ProblemStyle* style_ = nullptr;
};

/// Answers a request. Called on the connection's worker: it must not block (see Route::blocking). `request` stays
/// valid until the reply is sent.
using Handler = absl::AnyInvocable<void(const Request&, Reply) const>;

/// A handler that answers at once.
Handler answer(absl::AnyInvocable<Response(const Request&) const> make);
/// A handler that answers at once, or fails with problem details.
Handler answer_or_fail(absl::AnyInvocable<base::Result<Response>(const Request&) const> make);

/// A parameter of a route as /openapi.json tells it. `schema` is JSON Schema text, e.g. R"({"type":"integer"})".
/// Path parameters are taken from the path and need to be listed only to describe them.
struct Parameter {
  /// Where it stands.
  enum class In : uint8_t { query, path, header };
  In in = In::query;
  std::string name;
  std::string description;
  std::string schema = R"({"type":"string"})";
  bool required = false;
};

/// A body of a request or response: content type and JSON Schema text ("" for none).
struct Content {
  std::string type;
  std::string schema;
};

/// One answer of a route, as /openapi.json tells it.
struct Answer {
  int status = 200;
  std::string description;
  std::vector<Content> contents;
};

/// One method on one path. `path` has {name} for one segment and may end in {name*} for the rest of the path.
/// The engine asks trust for `action` on {tenant, branch, path values entityId, attrId, type} before the handler.
struct Route {
  Method method = Method::get;
  std::string path;
  trust::Action action = trust::Action::read;
  std::string operation_id;  ///< unique, camelCase
  std::string tag;           ///< heading in the description
  std::string summary;
  Handler handler;
  std::vector<Parameter> parameters;
  std::vector<Content> request_body;  ///< the kinds of body it takes; empty: none
  std::vector<Answer> answers;        ///< with the errors that few routes have; those of all are described alike
  size_t body_bytes_max = 0;          ///< 0: the server's default
  bool blocking = false;              ///< runs on a worker for long work, not on the connection's
  bool hidden = false;                ///< not in /openapi.json (redirects, files)
};

/// Finds the route of a request. Filled at the start, then only read: any worker.
class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  /// Adds a route. Two routes with the same method and path, or the same operation id, are our mistake and assert.
  void add(Route route);

  /// A schema under #/components/schemas/NAME, as JSON Schema text.
  void add_schema(std::string name, std::string schema);

  /// Errors at or below `prefix` (also 404 and 405) are told in this style. The style must outlive the router.
  void set_problem_style(std::string prefix, const ProblemStyle& style);

  /// What `find` found.
  struct Match {
    const Route* route = nullptr;  ///< nullptr: not found, or method not allowed
    size_t index = 0;              ///< of the route in routes()
    std::string allow;             ///< methods of the path for Allow, if `route` is nullptr and the path is known
    const ProblemStyle* style = nullptr;
  };
  /// Finds the route of the request's method and path and fills in its path values; HEAD finds GET's. A literal
  /// segment goes before {name}, and {name} before {name*}. Cost: a lookup per segment.
  /// Errors: invalid (broken escape in the path).
  base::Result<Match> find(Request& request) const;

  /// All routes in the order in which they were added.
  const std::vector<std::unique_ptr<Route>>& routes() const;
  const std::map<std::string, std::string>& schemas() const;

 private:
  struct Node;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Whether a request may go on to its handler.
struct Admission {
  const Route* route = nullptr;     ///< set if it may
  std::optional<Response> refusal;  ///< set if not: 400, 403, 404, 405, or the answer to OPTIONS
  size_t index = 0;                 ///< of the route in Router::routes(); its size if there is none
  const ProblemStyle* style = &own_problem_style();
};

/// Finds the route and asks the gate: all that can be said before the body has come.
Admission admit(const Router& router, const trust::Gate& gate, Request& request);

/// Calls the handler of an admitted request; what it throws becomes a 500.
void call(const Route& route, const ProblemStyle& style, const Request& request, Reply reply);

/// Both: the whole way of a request but the socket.
void dispatch(const Router& router, const trust::Gate& gate, Request& request, Reply reply);

}  // namespace cityloom::serve
