// The table of routes, as a trie of path segments, and the way of a request through it.
#include "serve/router.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <exception>
#include <functional>
#include <set>
#include <utility>

namespace cityloom::serve {
namespace {

constexpr size_t method_count = static_cast<size_t>(Method::other);
constexpr size_t captures_max = 8;

/// Takes the first segment off `path` ("/a/b" gives "a" and leaves "/b").
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

Reply::~Reply() {
  if (exchange_ != nullptr) {
    send(problem(base::fail(base::Code::internal, "the request was dropped without an answer"),
                 style_ != nullptr ? *style_ : own_problem_style()));
  }
}

void Reply::send(Response response) {
  assert(exchange_ != nullptr);
  std::exchange(exchange_, nullptr)->send(std::move(response));
}

void Reply::fail(const base::Error& error) {
  send(problem(error, style_ != nullptr ? *style_ : own_problem_style()));
}

void Reply::resume(absl::AnyInvocable<void(Reply)> task) {
  assert(exchange_ != nullptr);
  const std::shared_ptr<Exchange> exchange = exchange_;
  exchange->post([task = std::move(task), reply = std::move(*this)]() mutable { task(std::move(reply)); });
}

void Reply::run_long(absl::AnyInvocable<void(Reply)> task) {
  assert(exchange_ != nullptr);
  const std::shared_ptr<Exchange> exchange = exchange_;
  const auto reply = std::make_shared<Reply>(std::move(*this));
  absl::AnyInvocable<void()> work = [task = std::move(task), reply]() mutable { task(std::move(*reply)); };
  if (!exchange->post_long(work)) reply->fail(base::fail(base::Code::busy, "too much long work waits already"));
}

Handler answer(absl::AnyInvocable<Response(const Request&) const> make) {
  return [make = std::move(make)](const Request& request, Reply reply) { reply.send(make(request)); };
}

Handler answer_or_fail(absl::AnyInvocable<base::Result<Response>(const Request&) const> make) {
  return [make = std::move(make)](const Request& request, Reply reply) {
    auto response = make(request);
    if (response) {
      reply.send(std::move(*response));
    } else {
      reply.fail(response.error());
    }
  };
}

/// One segment of the paths. `routes` are indexes by method, -1 for none.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> any;
  std::unique_ptr<Node> rest;
  std::array<int, method_count> routes;
  Node() { routes.fill(-1); }
};

struct Router::Parts {
  std::vector<std::unique_ptr<Route>> routes;
  std::vector<std::vector<std::string>> capture_names;
  std::set<std::string> operation_ids;
  std::map<std::string, std::string> schemas;
  std::vector<std::pair<std::string, const ProblemStyle*>> styles;
  Node root;

  struct Search {
    Method method;
    std::array<std::string_view, captures_max> captures;
    const Node* found = nullptr;
    std::array<bool, method_count> allowed{};
    size_t captures_count = 0;
  };
  bool search(const Node& node, std::string_view path, size_t depth, Search& state) const;
};

Router::Router() : parts_(std::make_unique<Parts>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

const std::vector<std::unique_ptr<Route>>& Router::routes() const {
  return parts_->routes;
}
const std::map<std::string, std::string>& Router::schemas() const {
  return parts_->schemas;
}

void Router::add(Route route) {
  assert(route.path.starts_with('/') && route.handler != nullptr && route.method != Method::other);
  [[maybe_unused]] const bool new_id = parts_->operation_ids.insert(route.operation_id).second;
  assert(new_id && !route.operation_id.empty());
  std::vector<std::string> names;
  Node* node = &parts_->root;
  for (std::string_view rest = route.path; !rest.empty();) {
    const std::string_view segment = take_segment(rest);
    std::unique_ptr<Node>* next = nullptr;
    if (segment.starts_with('{')) {
      assert(segment.ends_with('}') && names.size() < captures_max);
      const bool takes_rest = segment.ends_with("*}");
      assert(!takes_rest || rest.empty());
      names.emplace_back(segment.substr(1, segment.size() - (takes_rest ? 3 : 2)));
      next = takes_rest ? &node->rest : &node->any;
    } else {
      next = &node->literals[std::string(segment)];
    }
    if (*next == nullptr) *next = std::make_unique<Node>();
    node = next->get();
  }
  int& slot = node->routes[static_cast<size_t>(route.method)];
  assert(slot == -1);
  slot = static_cast<int>(parts_->routes.size());
  parts_->routes.push_back(std::make_unique<Route>(std::move(route)));
  parts_->capture_names.push_back(std::move(names));
}

void Router::add_schema(std::string name, std::string schema) {
  parts_->schemas[std::move(name)] = std::move(schema);
}

void Router::set_problem_style(std::string prefix, const ProblemStyle& style) {
  parts_->styles.emplace_back(std::move(prefix), &style);
}

bool Router::Parts::search(const Node& node, std::string_view path, size_t depth, Search& state) const {
  if (path.empty()) {
    for (size_t i = 0; i < method_count; ++i) {
      if (node.routes[i] >= 0) state.allowed[i] = true;
    }
    if (state.method != Method::other && node.routes[static_cast<size_t>(state.method)] >= 0) {
      state.found = &node;
      state.captures_count = depth;
      return true;
    }
    return false;
  }
  std::string_view rest = path;
  const std::string_view segment = take_segment(rest);
  if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
    if (search(*literal->second, rest, depth, state)) return true;
  }
  if (depth == captures_max) return false;
  if (node.any != nullptr && !segment.empty()) {
    state.captures[depth] = segment;
    if (search(*node.any, rest, depth + 1, state)) return true;
  }
  if (node.rest != nullptr) {
    state.captures[depth] = path.substr(1);
    if (search(*node.rest, {}, depth + 1, state)) return true;
  }
  return false;
}

base::Result<Router::Match> Router::find(Request& request) const {
  Match match;
  match.style = &own_problem_style();
  for (const auto& [prefix, style] : parts_->styles) {
    if (request.path().starts_with(prefix)) match.style = style;
  }
  Parts::Search state;
  state.method = request.method() == Method::head ? Method::get : request.method();
  if (!request.path().starts_with('/')) return match;
  if (parts_->search(parts_->root, request.path(), 0, state)) {
    match.index = static_cast<size_t>(state.found->routes[static_cast<size_t>(state.method)]);
    match.route = parts_->routes[match.index].get();
    request.clear_path_values();
    const auto& names = parts_->capture_names[match.index];
    for (size_t i = 0; i < names.size(); ++i) {
      if (auto added = request.add_path_value(names[i], state.captures[i]); !added) return added.error();
    }
    return match;
  }
  const auto allow = [&match](Method method) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += name_of(method);
  };
  for (size_t i = 0; i < method_count; ++i) {
    if (!state.allowed[i]) continue;
    allow(static_cast<Method>(i));
    if (static_cast<Method>(i) == Method::get) allow(Method::head);
  }
  if (!match.allow.empty()) allow(Method::options);
  return match;
}

Admission admit(const Router& router, const trust::Gate& gate, Request& request) {
  Admission result;
  result.index = router.routes().size();
  auto found = router.find(request);
  if (!found) {
    result.refusal = problem(found.error());
    return result;
  }
  result.style = found->style;
  if (found->route == nullptr) {
    if (found->allow.empty()) {
      result.refusal = problem(base::fail(base::Code::not_found, "nothing is served at this address",
                                          std::string(request.path()), "see /openapi.json"),
                               *found->style);
    } else if (request.method() == Method::options) {
      result.refusal = Response::empty();
      result.refusal->header("Allow", found->allow);
    } else {
      result.refusal = problem(base::fail(base::Code::unsupported, "this address does not take that method",
                                          std::string(request.path()), "use one of " + found->allow),
                               *found->style, 405);
      result.refusal->header("Allow", found->allow);
    }
    return result;
  }
  result.index = found->index;
  // A page of another site that the user's browser shows must not change the city behind the user's back.
  const bool changes = request.method() != Method::get && request.method() != Method::head;
  if (changes && request.header("Sec-Fetch-Site") == "cross-site") {
    result.refusal = problem(base::fail(base::Code::forbidden, "a page of another site may not change anything here"),
                             *found->style);
    return result;
  }
  const Route& route = *found->route;
  const trust::Subject subject{{}, request.address()};
  const trust::Resource resource{request.tenant(),
                                 request.branch(),
                                 request.path_value("entityId"),
                                 request.path_value("type"),
                                 request.path_value("attrId"),
                                 route.operation_id};
  trust::Decision decision = gate.decide(subject, route.action, resource);
  if (!decision.allow) {
    result.refusal = problem(base::fail(base::Code::forbidden, std::move(decision.reason)), *found->style);
    return result;
  }
  result.route = &route;
  return result;
}

void call(const Route& route, const ProblemStyle& style, const Request& request, Reply reply) {
  reply.set_problem_style(&style);
  // Libraries' exceptions that a handler let through must not end the worker; the reply, destroyed unsent, answers 500.
  try {
    route.handler(request, std::move(reply));
  } catch (const std::exception&) {
  }
}

void dispatch(const Router& router, const trust::Gate& gate, Request& request, Reply reply) {
  Admission admission = admit(router, gate, request);
  if (admission.refusal) {
    reply.send(std::move(*admission.refusal));
  } else {
    call(*admission.route, *admission.style, request, std::move(reply));
  }
}

}  // namespace cityloom::serve
