#include "app/rehearsal_runner.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "app/http_client.hpp"
#include "app/progress.hpp"
#include "rehearsal/city.hpp"
#include "rehearsal/names.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using base::Status;

void tell(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
}

/// What is under way to the links; answers come on their workers, also after the outlet is gone.
struct UnderWay {
  std::mutex mutex;
  std::condition_variable changed;
  size_t count = 0;
  Status failed;
};

class LinksOutlet final : public rehearsal::Outlet {
 public:
  explicit LinksOutlet(link::Links& links) : links_(links) {}

  Status send(const rehearsal::Message& message) override {
    const std::string name = "rehearsal-" + std::string(rehearsal::kind_of_topic(message.topic));
    {
      std::unique_lock lock(under_way_->mutex);
      under_way_->changed.wait(lock, [&] { return under_way_->count < under_way_max; });
      if (!under_way_->failed) return under_way_->failed;
      ++under_way_->count;
    }
    links_.push(name, message.payload, [under_way = under_way_](const Status& status) {
      {
        const std::lock_guard lock(under_way->mutex);
        --under_way->count;
        // Too busy for this second: the next one will do.
        if (!status && status.error().code != Code::busy && status.error().code != Code::invalid)
          under_way->failed = status;
      }
      under_way->changed.notify_all();
    });
    return {};
  }

  Status finish() override {
    std::unique_lock lock(under_way_->mutex);
    under_way_->changed.wait_for(lock, std::chrono::seconds(20), [&] { return under_way_->count == 0; });
    return under_way_->failed;
  }

 private:
  static constexpr size_t under_way_max = 64;
  link::Links& links_;
  std::shared_ptr<UnderWay> under_way_ = std::make_shared<UnderWay>();
};

class ServerOutlet final : public rehearsal::Outlet {
 public:
  explicit ServerOutlet(std::string url) : url_(std::move(url)) {
    while (!url_.empty() && url_.back() == '/') url_.pop_back();
  }
  Status send(const rehearsal::Message& message) override {
    const std::string url =
        url_ + "/api/links/rehearsal-" + std::string(rehearsal::kind_of_topic(message.topic)) + "/push";
    const auto answer = post_text(url, "application/json", message.payload);
    if (!answer) return answer.error();
    if (answer->status == 202 || answer->status == 429) return {};
    base::Error error = error_of(*answer, url);
    if (answer->status == 404) error.remedy = "start that server with --rehearsal links";
    return error;
  }
  Status finish() override { return {}; }

 private:
  std::string url_;
};

}  // namespace

rehearsal::DayOptions day_options(const Settings& settings, base::Instant start) {
  rehearsal::DayOptions options;
  options.traffic.vehicles = settings.rehearsal_vehicles;
  options.traffic.pedestrians = settings.rehearsal_pedestrians;
  options.devices = settings.rehearsal_devices;
  options.start = start;
  return options;
}

rehearsal::CitySpec city_spec(const Settings& settings) {
  rehearsal::CitySpec spec;
  spec.seed = settings.rehearsal_seed;
  spec.buildings = settings.rehearsal_buildings;
  return spec;
}

Status make_invented_city(const rehearsal::CitySpec& spec, thread::Thread& thread, const base::Clock& clock,
                          std::stop_token stop) {
  Progress progress("rehearsal: inventing a city", clock);
  space::ThreadSink sink(thread, thread::main_branch, "rehearsal");
  space::ImportOptions options;
  options.stop = std::move(stop);
  options.progress = [&](const space::ImportProgress& p) { progress.report(p.bytes_done, p.bytes_total, "buildings"); };
  const auto report = rehearsal::make_city(spec, sink, options);
  if (!report) return report.error();
  progress.finish(report->text());
  return {};
}

std::unique_ptr<rehearsal::Outlet> outlet_to_links(link::Links& links) {
  return std::make_unique<LinksOutlet>(links);
}

std::unique_ptr<rehearsal::Outlet> outlet_to_server(const std::string& url) {
  return std::make_unique<ServerOutlet>(url);
}

bool wants_rehearsal(const Settings& settings, const thread::Thread& thread) {
  if (settings.rehearsal == "on") return true;
  if (settings.rehearsal != "auto" || !settings.city.empty()) return false;
  if (thread.status().entities == 0) return true;
  const auto city = rehearsal::find_city(thread);
  return city.ok() && city->has_value();
}

std::string invented_city_name(const Settings& settings, const thread::Thread& thread) {
  const auto city = rehearsal::find_city(thread);
  const bool is_there = city.ok() && city->has_value();
  if (!is_there && !(thread.status().entities == 0 && wants_rehearsal(settings, thread))) return {};
  const rehearsal::Name name = rehearsal::city_name_of(is_there ? (*city)->seed : settings.rehearsal_seed);
  return name.ko + " · " + name.en;
}

bool opens_rehearsal_links(const Settings& settings, const thread::Thread& thread) {
  return settings.rehearsal == "links" || wants_rehearsal(settings, thread);
}

RehearsalRunner::RehearsalRunner(const Settings& settings, thread::Thread& thread, link::Links& links,
                                 const base::Clock& clock)
    : settings_(settings), thread_(thread), links_(links), clock_(clock) {
  worker_ = std::jthread([this](const std::stop_token& stop) {
    const Status status = run(stop);
    if (!status && status.error().code != Code::cancelled) tell("rehearsal ended: " + status.error().text());
  });
}

RehearsalRunner::~RehearsalRunner() {
  worker_.request_stop();
}

Status RehearsalRunner::run(const std::stop_token& stop) {
  auto city = rehearsal::find_city(thread_);
  if (!city) return city.error();
  if (!*city && thread_.status().entities == 0) {
    const rehearsal::CitySpec spec = city_spec(settings_);
    if (Status status = make_invented_city(spec, thread_, clock_, stop); !status) return status;
    *city = spec;
  }
  base::Result<rehearsal::CityModel> model = rehearsal::CityModel();
  if (*city) {
    const auto plan = rehearsal::CityPlan::make(**city);
    if (!plan) return plan.error();
    model = rehearsal::CityModel::of_plan(*plan);
  } else {
    model = rehearsal::CityModel::of_record(thread_, settings_.rehearsal_seed);
  }
  if (!model) return model.error();
  rehearsal::Day day(*model, day_options(settings_, clock_.now()));
  tell(fmt::format(
      "rehearsal: {} vehicles, {} people and {} devices in {}; all of it invented, --no-rehearsal leaves it out",
      day.traffic().vehicles(), day.traffic().pedestrians(), day.devices().size(),
      model->is_invented ? model->name_en + " (" + model->name_ko + ")" : "the imported city"));
  const auto outlet = outlet_to_links(links_);
  return rehearsal::live(day, *outlet, clock_, {}, stop);
}

}  // namespace cityloom::app
