// cityloom rehearse: an invented city into a data folder, and its devices to a broker or a server.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>

#include "app/command.hpp"
#include "app/places.hpp"
#include "app/progress.hpp"
#include "app/record_work.hpp"
#include "app/rehearsal_runner.hpp"
#include "link/definition.hpp"
#include "rehearsal/city.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using base::Status;

/// What of the command line is no setting.
struct Wishes {
  double speed = 1;
  int64_t seconds = 0;
  base::Instant start;
  rehearsal::Faults faults;
  int64_t utc_offset_s = 9 * 3'600;
};

template <class T>
Status read_number(const Arguments& arguments, const std::string& name, T least, T most, T& to) {
  const std::string* text = arguments.option(name);
  if (text == nullptr) return {};
  T value{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= least && value <= most) {
    to = value;
    return {};
  }
  return fail(Code::invalid, fmt::format("\"{}\" is no number from {} to {}", *text, least, most), name);
}

base::Result<Wishes> read_wishes(const Arguments& arguments, const base::Clock& clock) {
  Wishes wishes;
  double hours = 9;
  for (Status status : {read_number(arguments, "--speed", 0.0, 100'000.0, wishes.speed),
                        read_number<int64_t>(arguments, "--seconds", 0, 100'000'000, wishes.seconds),
                        read_number(arguments, "--utc-offset", -14.0, 14.0, hours),
                        read_number(arguments, "--noise", 0.0, 100.0, wishes.faults.noise),
                        read_number(arguments, "--drift", 0.0, 100.0, wishes.faults.drift),
                        read_number(arguments, "--outages", 0.0, 1.0, wishes.faults.outage_share),
                        read_number(arguments, "--late", 0.0, 1.0, wishes.faults.late_share),
                        read_number(arguments, "--duplicates", 0.0, 1.0, wishes.faults.duplicate_share)}) {
    if (!status) return status.error();
  }
  wishes.utc_offset_s = static_cast<int64_t>(hours * 3'600);
  wishes.start = {clock.now().microseconds / 1'000'000 * 1'000'000};
  if (const std::string* text = arguments.option("--start"); text != nullptr) {
    const auto start = base::Instant::parse(*text);
    if (!start) return start.error();
    wishes.start = *start;
  }
  return wishes;
}

/// The model of the city that is asked for: the record's own, or the invented one of the settings.
base::Result<rehearsal::CityModel> make_model(const Arguments& arguments, const thread::Thread* thread) {
  if (arguments.option("--city-from-record") != nullptr && thread != nullptr) {
    return rehearsal::CityModel::of_record(*thread, arguments.settings.rehearsal_seed);
  }
  const auto plan = rehearsal::CityPlan::make(city_spec(arguments.settings));
  if (!plan) return plan.error();
  return rehearsal::CityModel::of_plan(*plan);
}

ExitCode live_day(const Arguments& arguments, const Wishes& wishes, const rehearsal::CityModel& model,
                  rehearsal::Outlet& outlet, const base::Clock& clock, const std::stop_token& stop) {
  rehearsal::DayOptions options = day_options(arguments.settings, wishes.start);
  options.faults = wishes.faults;
  options.utc_offset_s = static_cast<int32_t>(wishes.utc_offset_s);
  std::unique_ptr<rehearsal::Truth> truth;
  if (const std::string* path = arguments.option("--truth"); path != nullptr) {
    auto opened = rehearsal::Truth::open(*path);
    if (!opened) return complain(opened.error(), ExitCode::usage);
    truth = std::move(*opened);
  }
  rehearsal::Day day(model, options);
  Progress progress("rehearsal", clock);
  rehearsal::LiveOptions live;
  live.speed = wishes.speed;
  live.seconds = wishes.seconds;
  live.truth = truth.get();
  live.progress = [&](const rehearsal::Day& now, uint64_t messages) {
    progress.report(now.readings_sent(), 0,
                    fmt::format("readings in {} messages, {} vehicles on the road at {}", grouped(messages),
                                grouped(now.traffic().driving_count()), now.now().text()));
  };
  const Status status = rehearsal::live(day, outlet, clock, live, stop);
  progress.finish(fmt::format("{} readings until {}", grouped(day.readings_sent()), day.now().text()));
  return status ? ExitCode::ok : complain(status.error(), ExitCode::failed);
}

/// Into a stopped data folder: the city, then as many seconds of its day as asked for, through the pack's links.
ExitCode into_folder(const Arguments& arguments, const std::string& path, const Wishes& wishes,
                     const base::Clock& clock, const std::stop_token& stop) {
  const auto folder = DataFolder::open(path, DataFolder::Absent::make);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  auto thread = open_with_progress(*folder, "", clock, arguments.settings);
  if (!thread) return complain(thread.error(), exit_code_of_data(thread.error()));
  if (arguments.option("--city-from-record") == nullptr) {
    const Status status = make_invented_city(city_spec(arguments.settings), **thread, clock, stop);
    if (!status) {
      const bool is_stopped = status.error().code == Code::cancelled;
      return complain(status.error(), is_stopped ? ExitCode::interrupted : exit_code_of_input(status.error()));
    }
  }
  if (wishes.seconds == 0) return ExitCode::ok;
  const auto model = make_model(arguments, thread->get());
  if (!model) return complain(model.error(), ExitCode::input);
  link::Links links(**thread, clock);
  auto pack = link::read_pack(rehearsal_pack_folder(arguments.settings));
  if (!pack) return complain(pack.error(), ExitCode::usage);
  for (link::LinkDefinition& definition : pack->links) {
    if (Status status = links.add(std::move(definition)); !status) return complain(status.error(), ExitCode::failed);
  }
  links.start();
  const auto outlet = outlet_to_links(links);
  return live_day(arguments, wishes, *model, *outlet, clock, stop);
}

ExitCode work_rehearse(const Arguments& arguments) {
  const base::SystemClock clock;
  const auto wishes = read_wishes(arguments, clock);
  if (!wishes) return complain(wishes.error(), ExitCode::usage);
  Interrupt interrupt;
  std::stop_source stop;
  // Ctrl-C ends it between two seconds of the day, or two batches of the city.
  std::jthread watcher([&](const std::stop_token& done) {
    while (!done.stop_requested() && !interrupt.wait_for_ms(100)) {
    }
    stop.request_stop();
  });
  if (const std::string* folder = arguments.option("--into"); folder != nullptr) {
    return into_folder(arguments, *folder, *wishes, clock, stop.get_token());
  }
  const auto model = make_model(arguments, nullptr);
  if (!model) return complain(model.error(), ExitCode::usage);
  std::unique_ptr<rehearsal::Outlet> outlet;
  if (const std::string* broker = arguments.option("--broker"); broker != nullptr) {
    const auto address = rehearsal::BrokerAddress::parse(*broker);
    if (!address) return complain(address.error(), ExitCode::usage);
    auto connected = rehearsal::connect_broker(*address, "cityloom-rehearsal");
    if (!connected) return complain(connected.error(), ExitCode::address);
    outlet = std::move(*connected);
  } else {
    const std::string* url = arguments.option("--to");
    outlet = outlet_to_server(url != nullptr ? *url : "http://127.0.0.1:8080");
  }
  return live_day(arguments, *wishes, *model, *outlet, clock, stop.get_token());
}

ExitCode run_rehearse(const Arguments& arguments) {
  if (!arguments.names.empty()) {
    return complain(fail(Code::invalid, "rehearse takes no names, only options", arguments.names[0]), ExitCode::usage);
  }
  return guarded(work_rehearse, arguments);
}

}  // namespace

Command rehearse_command() {
  std::vector<Option> options = {
      {"--config", "FILE", "read settings from this file (see cityloom.example.yaml)", ""},
      {"--into", "DIR", "make the city in this data folder, of a server that is stopped", ""},
      {"--to", "URL", "send the devices' messages to this server (default http://127.0.0.1:8080)", ""},
      {"--broker", "HOST:PORT", "send them to this MQTT broker instead", ""},
      {"--seed", "N", "another city, another day (default 1)", "rehearsal_seed"},
      {"--buildings", "N", "size of the city, from one block to a million and more (default 3000)",
       "rehearsal_buildings"},
      {"--vehicles", "N", "vehicles that are followed (default 300)", "rehearsal_vehicles"},
      {"--pedestrians", "N", "people on foot (default 150)", "rehearsal_pedestrians"},
      {"--devices", "N", "sensors, about (default 240)", "rehearsal_devices"},
      {"--city-from-record", "", "with --into: into the city that the folder holds, nothing of it is invented", ""},
      {"--start", "TIME", "when the day starts, e.g. 2026-03-02T07:30:00+09:00 (default now)", ""},
      {"--utc-offset", "HOURS", "local time of the city (default 9)", ""},
      {"--speed", "FACTOR", "seconds of the day in one second (default 1; 0: as fast as it goes)", ""},
      {"--seconds", "N", "of the day, then end (default: until Ctrl-C; with --into: none)", ""},
      {"--truth", "FILE", "write what is truly so, as NDJSON (docs/rehearsal.md)", ""},
      {"--noise", "FACTOR", "times the usual noise of sensors (default 1)", ""},
      {"--drift", "FACTOR", "times the usual drift (default 1)", ""},
      {"--outages", "SHARE", "of hours in which a device is silent (default 0.004)", ""},
      {"--late", "SHARE", "of readings that come 20 to 300 s late (default 0.01)", ""},
      {"--duplicates", "SHARE", "of readings that come twice (default 0.005)", ""},
      {"--packs", "DIR", "folder with packs (default: packs/ beside the sources)", "packs"}};
  return {"rehearse",
          "Invent a city and its day",
          "[OPTION...]",
          "The same seed, size and start give the same city and the same day. Everything invented says so\n"
          "(`invented: true`). A server that starts without a city does this by itself; `serve --rehearse` sends\n"
          "devices and vehicles into the real city that it holds.\n",
          std::move(options),
          run_rehearse};
}

}  // namespace cityloom::app
