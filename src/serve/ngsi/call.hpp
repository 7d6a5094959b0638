// One NGSI-LD request on its way: headers and parameters checked, body read, contexts resolved, before an operation
// sees it; and the answer dressed on its way back. ETSI GS CIM 009 clauses 5.5, 6.3.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ngsi/body.hpp"
#include "ngsi/problem.hpp"
#include "ngsi/represent.hpp"
#include "serve/append.hpp"
#include "serve/ngsi/media.hpp"
#include "serve/ngsi/services.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::ngsi_ld {

/// The values of `options` (and of `format`), as bits.
enum Option : unsigned {
  option_normalized = 1u << 0,
  option_concise = 1u << 1,
  option_simplified = 1u << 2,  ///< "keyValues" and "simplified"
  option_sys_attrs = 1u << 3,
  option_no_overwrite = 1u << 4,
  option_replace = 1u << 5,
  option_update = 1u << 6,
  option_temporal_values = 1u << 7,
  option_aggregated_values = 1u << 8,
  option_count = 1u << 9,
  option_formats = option_normalized | option_concise | option_simplified,
  option_reads = option_formats | option_sys_attrs | option_count,
};

/// What an operation takes and gives; the rest is refused before it is called.
struct Form {
  /// document: a body whose @context is its content.
  enum class Body : uint8_t { none, object, attribute, batch, ids, document };
  Body body = Body::none;
  bool patch = false;  ///< application/merge-patch+json is taken as well
  bool paged = false;
  unsigned options = 0;                 ///< those that are allowed
  std::vector<Media> answers;           ///< kinds of body; empty: none
  std::vector<std::string> parameters;  ///< names of query parameters; filled in by `add_operation`
  bool any_parameter = false;           ///< parameters are not looked at
  bool long_work = false;               ///< runs on the engine's long workers
};

inline const std::vector<Media> json_answers = {Media::json, Media::ld_json};
inline const std::vector<Media> entity_answers = {Media::json, Media::ld_json, Media::geo_json};

/// The status of an error type (clause 6.3.2).
int status_of(ngsi::ProblemType type);
/// A problem details answer.
Response problem_response(ngsi::ProblemType type, const base::Error& error);
/// The style of errors below /ngsi-ld/ that no handler made (404, 405, gate, limits).
const ProblemStyle& ngsi_ld_problem_style();

class Gathered;

/// A request with everything an operation needs. Moved along until it is answered.
class Call {
 public:
  Call(Services& services, const Form& form, const Request& request, Reply reply);

  /// What was sent.
  const Request& request() const { return *request_; }
  /// What all handlers share.
  Services& services() const { return *services_; }
  /// A query parameter, decoded; nothing if absent.
  std::optional<std::string_view> parameter(std::string_view name) const { return request_->query_value(name); }
  /// The same, as a string of its own.
  std::optional<std::string> parameter_text(std::string_view name) const;
  /// Whether `options` or `format` says so.
  bool has_option(Option option) const { return (options_ & option) != 0; }
  /// Whether a parameter is "true".
  bool flag(std::string_view name) const;

  /// The body, read. Needs a Form with one.
  const ngsi::Body& body() const { return *body_; }
  /// The context of the request, or of one item of a batch.
  const ngsi::ContextPointer& context(size_t item = 0) const { return contexts_[item < contexts_.size() ? item : 0]; }
  /// The kind of body that was negotiated.
  Media answer() const { return answer_; }
  /// How much a read may do: little on a connection's worker, where others wait; on a worker for long work as much as
  /// `query_time_max_ms` and the client's patience allow. For as long as the call lives.
  thread::Bounds bounds() const;
  /// Whether the operation runs on a worker for long work.
  bool is_long() const { return is_long_; }
  /// limit, offset and count.
  const thread::Page& page() const { return page_; }

  /// The entity named in the path; checked to be a URI.
  std::string_view entity_id() const { return request_->path_value("entityId"); }

  /// The NGSI-LD snapshot that the request is about; nothing: the present city.
  std::optional<std::string_view> snapshot_id() const { return request_->header("NGSILD-Snapshot"); }

  /// The snapshot that the request reads. Answers itself when it cannot be read, and gives nothing.
  std::optional<Reading> reading();
  /// Where it writes, likewise.
  std::optional<Writing> writing();

  /// How entities are to be written, by options, format, lang, datasetId, geometryProperty, attrs, pick and omit; these
  /// may be of linked entities so many links away.
  base::Result<ngsi::Representation> representation(const twin::TermTable& terms, unsigned links_max = 0) const;

  /// Answers.
  void send(Response response);
  /// Answers with problem details; the type by the error's code.
  void fail(const base::Error& error);
  /// The same with a type of its own.
  void fail(ngsi::ProblemType type, const base::Error& error);

  /// For answers made elsewhere (append_and_reply): the reply itself, and what `send` would add to a response.
  Reply take_reply() { return std::move(reply_); }
  /// The response with the tenant's header.
  Response finished(Response response) const;
  /// A finished response of problem details.
  Response failure(const base::Error& error) const;

  /// Submits changes; `make` is called with the outcomes on the connection's worker and gives the response.
  using Make = absl::AnyInvocable<Response(const Call&, base::Result<thread::Outcomes>)>;
  static void append(Call call, const Writing& writing, std::vector<thread::Change> changes, Make make);

  /// Whether nothing but the core context is in use.
  bool uses_core() const {
    return contexts_.empty() || (contexts_.front()->is_core() && contexts_.front()->link() == ngsi::core_context_url);
  }
  /// The context's URL for a Link header; an inline context becomes a hosted one.
  std::string context_url() const;
  /// The scheme and host under which the client reached us, e.g. "http://127.0.0.1:8080".
  std::string origin() const;

  /// What registered sources gave, where they were asked; else nullptr.
  const Gathered* gathered() const { return gathered_.get(); }
  void set_gathered(std::shared_ptr<const Gathered> gathered) { gathered_ = std::move(gathered); }

  /// Checks headers and parameters, reads the body; answers itself and gives false when the request ends with it.
  bool prepare();
  /// Takes the contexts if none needs a fetch.
  bool contexts_ready();
  /// Takes the contexts, fetching. Not on a connection's worker.
  bool resolve_contexts(base::Error& error);
  /// Runs the operation on a lane; answers itself and gives false if too many wait there.
  bool continue_on(Lane& lane, void (*run)(Call));
  /// Runs the operation, again and from its beginning, on a worker for long work: what turned out to be too much for
  /// `bounds`.
  static void go_long(Call call, absl::AnyInvocable<void(Call)> run);
  /// Answers what a bounded read gave: an error, or none if it has to go on where it may take long.
  void fail_read(const base::Error& error);
  /// Gives back the reply that `take_reply` took.
  void set_reply(Reply reply) { reply_ = std::move(reply); }

 private:
  std::shared_ptr<const NgsiSnapshot> snapshot_in(const thread::Thread& thread);
  bool check_parameters();
  bool check_options();
  bool check_page();
  bool check_ids();
  bool read_body();
  bool find_contexts();

  Services* services_;
  const Form* form_;
  const Request* request_;
  Reply reply_;
  unsigned options_ = 0;
  bool is_long_ = false;
  std::chrono::steady_clock::time_point long_until_{};
  Media answer_ = Media::json;
  Media body_media_ = Media::json;
  thread::Page page_;
  std::optional<ngsi::Body> body_;
  std::vector<std::string> context_texts_;  // JSON of each item's "@context", or of the Link header's URL
  std::vector<ngsi::ContextPointer> contexts_;
  std::shared_ptr<const Gathered> gathered_;
};

/// Adds a route below /ngsi-ld/v1 (or /api/, if it says so) whose handler prepares a Call and runs the operation.
/// Parameters common to all (local, asOf, branch, type checks) are added to those of the route. `clause` goes into the
/// description and docs/ngsi-ld.md.
void add_operation(Router& router, Services& services, Route route, Form form, void (*run)(Call));

/// A query parameter for a route's description.
Parameter query_parameter(std::string name, std::string description, std::string schema = R"({"type":"string"})");

}  // namespace cityloom::serve::ngsi_ld
