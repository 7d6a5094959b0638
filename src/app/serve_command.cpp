// cityloom serve: wires the rooms into a server and keeps it until Ctrl-C.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <variant>

#include "app/command.hpp"
#include "app/doors.hpp"
#include "app/memory_limit.hpp"
#include "app/places.hpp"
#include "app/record_work.hpp"
#include "app/rehearsal_runner.hpp"
#include "link/definition.hpp"
#include "link/links.hpp"
#include "link/replay_reader.hpp"
#include "serve/server.hpp"
#include "serve/tenants.hpp"
#include "trust/trust.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr int64_t look_interval_ms = 500;

void tell(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
}

serve::ServerOptions server_options(const Settings& settings) {
  serve::ServerOptions options;
  options.address = settings.host;
  options.port = settings.port;
  options.workers = settings.workers;
  options.connections_max = settings.connections_max;
  options.body_bytes_max = settings.body_bytes_max;
  fit_into_memory(settings.memory_bytes, options);
  return options;
}

/// A server that runs: every part of it, in the order in which they lean on each other.
struct Twin {
  explicit Twin(const Settings& given, DataFolder data) : settings(given), folder(std::move(data)) {}
  ~Twin() {
    rehearsal.reset();
    if (server) server->stop();
    if (links) links->stop();
    // Only what this process has said: another one may be serving the folder.
    if (server) folder.set_running({});
  }
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  const Settings& settings;
  DataFolder folder;
  base::SystemClock clock;
  std::unique_ptr<trust::Gate> gate = trust::make_open_gate();
  std::unique_ptr<serve::Tenants> tenants;
  std::unique_ptr<link::Links> links;
  std::unique_ptr<Doors> doors;
  std::unique_ptr<serve::Server> server;
  std::unique_ptr<RehearsalRunner> rehearsal;
  std::string url;  ///< where it is reached
};

Status open_tenants(Twin& twin) {
  auto main = open_with_progress(twin.folder, "", twin.clock, twin.settings);
  if (!main) return main.error();
  const auto opener = [&twin](std::string_view name) {
    return twin.folder.open_record(name, twin.clock, twin.settings);
  };
  twin.tenants =
      std::make_unique<serve::Tenants>(std::move(*main), opener, twin.folder.tenants(), serve::Tenants::Options{});
  return {};
}

void add_links(Twin& twin, std::vector<link::LinkDefinition> definitions) {
  for (link::LinkDefinition& definition : definitions) {
    const std::string name = definition.name;
    if (Status status = twin.links->add(std::move(definition)); !status) {
      tell("link " + name + " left out: " + status.error().text());
    }
  }
}

/// The links of a rehearsal's devices: by HTTP, or from the broker that is set, by the same mappings.
Status declare_rehearsal(Twin& twin) {
  auto pack = link::read_pack(rehearsal_pack_folder(twin.settings));
  if (!pack) return pack.error();
  if (!twin.settings.rehearsal_broker.empty()) {
    const auto address = rehearsal::BrokerAddress::parse(twin.settings.rehearsal_broker);
    if (!address) return address.error();
    for (link::LinkDefinition& definition : pack->links) {
      link::MqttSource source;
      source.host = address->host;
      source.port = address->port;
      source.client_id = "cityloom-" + definition.name;
      source.filters = {"rehearsal/" + definition.name.substr(definition.name.find('-') + 1) + "/#"};
      definition.source = source;
    }
  }
  add_links(twin, std::move(pack->links));
  return {};
}

/// Takes out replays of files that lie in none of the folders: a pack comes with the program, its data need not.
void leave_out_absent(std::vector<link::LinkDefinition>& definitions, const std::vector<std::string>& folders) {
  std::erase_if(definitions, [&](const link::LinkDefinition& definition) {
    const auto* replay = std::get_if<link::ReplaySource>(&definition.source);
    if (replay == nullptr) return false;
    std::vector<std::string> places = folders;
    places.push_back(definition.folder);
    if (link::find_file(replay->file, places)) return false;
    tell("link " + definition.name + " left out: its file " + replay->file + " is not here");
    return true;
  });
}

/// Declares the links of every pack and of the configuration. A pack with a mistake is told and left out, since the
/// rest of the city goes on; one in the configuration is the user's own and ends the start.
Status declare_links(Twin& twin) {
  link::Options options;
  options.folders = link::search_folders(twin.settings.city, {source_folder()});
  options.gate = twin.gate.get();
  twin.links = std::make_unique<link::Links>(twin.tenants->main(), twin.clock, options);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(packs_folder(twin.settings), error)) {
    if (!std::filesystem::exists(entry.path() / "pack.yaml", error) || entry.path().filename() == "rehearsal") continue;
    auto pack = link::read_pack(entry.path().string());
    if (pack) {
      leave_out_absent(pack->links, options.folders);
      add_links(twin, std::move(pack->links));
    } else {
      tell("pack left out: " + pack.error().text());
    }
  }
  if (opens_rehearsal_links(twin.settings, twin.tenants->main())) {
    if (Status status = declare_rehearsal(twin); !status) tell("rehearsal left out: " + status.error().text());
  }
  if (twin.settings.links_file.empty()) return {};
  auto links = link::read_links(twin.settings.links_file);
  if (!links) return links.error();
  add_links(twin, std::move(*links));
  return {};
}

/// A port that is free now. The doors want to know where they will be reached before the server listens.
uint16_t free_port(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), "0", &hints, &found) != 0) return 0;
  const int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  uint16_t port = 0;
  if (bind(probe, found->ai_addr, found->ai_addrlen) == 0 &&
      getsockname(probe, reinterpret_cast<sockaddr*>(&bound), &length) == 0) {
    port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  }
  close(probe);
  freeaddrinfo(found);
  return port;
}

ExitCode listen(Twin& twin) {
  serve::ServerOptions options = server_options(twin.settings);
  if (options.port == 0) options.port = free_port(options.address);
  const bool is_v6 = options.address.find(':') != std::string::npos;
  twin.url = "http://" + (is_v6 ? "[" + options.address + "]" : options.address) + ":" + std::to_string(options.port);
  auto doors = open_doors({*twin.tenants, *twin.links, *twin.gate, twin.clock, twin.folder, twin.settings, twin.url});
  if (!doors) return complain(doors.error(), exit_code_of_data(doors.error()));
  twin.doors = std::move(*doors);
  auto server = serve::Server::start(twin.doors->router(), *twin.gate, options);
  if (!server) {
    base::Error error = server.error();
    if (error.code == Code::conflict && error.remedy.empty()) error.remedy = "choose another by --port";
    return complain(error, ExitCode::address);
  }
  twin.server = std::move(*server);
  twin.doors->set_server(*twin.server);
  twin.folder.set_running(RunningServer{twin.url, getpid()});
  return ExitCode::ok;
}

/// Imports the city if one is named; else says how to bring one. Only an unusable record keeps the server from going
/// on.
ExitCode bring_city(Twin& twin, const Interrupt& interrupt) {
  thread::Thread& thread = twin.tenants->main();
  if (twin.settings.city.empty()) {
    const bool is_invented = wants_rehearsal(twin.settings, thread);
    tell(thread.status().entities > 0 ? "no --city given: starting with what the data folder holds"
         : is_invented
             ? "no city yet: inventing one; bring a real one by --city DIR, or by `cityloom import`"
             : "no city yet: bring one by --city DIR (a folder with files that `cityloom import --help` lists), or by "
               "`cityloom import`");
    return ExitCode::ok;
  }
  tell("listening at " + twin.url + "/ meanwhile");
  const Status status = import_city_folder(twin.settings.city, {}, twin.folder, thread, twin.clock, interrupt);
  if (status) return ExitCode::ok;
  if (status.error().code == Code::cancelled) return ExitCode::interrupted;
  if (thread.status().poisoned) return complain(status.error(), ExitCode::data_folder);
  if (status.error().code == Code::not_found) return complain(status.error(), ExitCode::input);
  complain(status.error(), ExitCode::ok);
  return ExitCode::ok;
}

/// Opens the other tenants that there are: what their subscriptions owe is due, whoever asks for them or not.
void wake_tenants(Twin& twin, const Interrupt& interrupt) {
  for (const std::string& name : twin.folder.tenants()) {
    if (interrupt.asked()) return;
    if (const auto opened = twin.tenants->find(name); !opened.ok())
      tell("tenant " + name + " cannot be opened: " + opened.error().text());
  }
}

/// Until Ctrl-C, or until the record takes no more writes.
ExitCode stay(Twin& twin, Interrupt& interrupt) {
  while (!interrupt.wait_for_ms(look_interval_ms)) {
    for (const auto& [name, thread] : twin.tenants->open_tenants()) {
      const thread::ThreadStatus status = thread->status();
      if (!status.poisoned) continue;
      base::Error error = *status.poisoned;
      error.remedy +=
          (error.remedy.empty() ? "" : "; ") + std::string("then start again: every acknowledged write is there");
      const ExitCode code = complain(error, ExitCode::data_folder);
      std::fflush(nullptr);
      // Not closed in order: RocksDB's own workers stop at an assertion where a file could not be written, and the next
      // start recovers anyway.
      std::_Exit(static_cast<int>(code));
    }
  }
  tell("ending");
  return ExitCode::ok;
}

ExitCode work_serve(const Arguments& arguments) {
  Interrupt interrupt;
  auto folder = DataFolder::open(arguments.settings.data, DataFolder::Absent::make);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  Settings settings = arguments.settings;
  if (arguments.option("--rehearse") != nullptr) settings.rehearsal = "on";
  if (arguments.option("--no-rehearsal") != nullptr) settings.rehearsal = "off";
  settings.memory_bytes = memory_bytes_max(settings);
  fit_into_memory(settings.memory_bytes, settings);
  Twin twin(settings, std::move(*folder));
  if (Status status = open_tenants(twin); !status) return complain(status.error(), exit_code_of_data(status.error()));
  if (Status status = declare_links(twin); !status) return complain(status.error(), ExitCode::usage);
  if (const ExitCode code = listen(twin); code != ExitCode::ok) return code;
  const bool rehearses = wants_rehearsal(twin.settings, twin.tenants->main());
  if (const ExitCode code = bring_city(twin, interrupt); code != ExitCode::ok) {
    return code == ExitCode::interrupted ? ExitCode::ok : code;
  }
  twin.links->start();
  if (rehearses) {
    twin.rehearsal = std::make_unique<RehearsalRunner>(twin.settings, twin.tenants->main(), *twin.links, twin.clock);
  }
  std::printf("Cityloom is ready at %s/\n", twin.url.c_str());
  std::fflush(stdout);
  wake_tenants(twin, interrupt);
  return stay(twin, interrupt);
}

ExitCode run_serve(const Arguments& arguments) {
  if (!arguments.names.empty()) {
    return complain(fail(Code::invalid, "serve takes no names, only options", arguments.names[0],
                         "a city's folder is given by --city DIR"),
                    ExitCode::usage);
  }
  return guarded(work_serve, arguments);
}

}  // namespace

Command serve_command() {
  std::vector<Option> options = data_options();
  options.push_back({"--city", "DIR", "import the files of this folder where they changed", "city"});
  options.push_back({"--port", "N", "port to listen on (default 8080; 0: any free one)", "listen.port"});
  options.push_back(
      {"--host", "ADDRESS", "address to listen on; only this machine's own (default 127.0.0.1)", "listen.host"});
  options.push_back({"--public-url", "URL",
                     "where others reach this server, of the proxy in front (default: where it listens)",
                     "listen.public_url"});
  options.push_back(
      {"--memory", "BYTES", "memory to take at most (default: what the control group allows)", "listen.memory_bytes"});
  options.push_back({"--packs", "DIR", "folder with packs (default: packs/ beside the sources)", "packs"});
  options.push_back(
      {"--console", "DIR", "folder with the built console (default: console/dist beside the sources)", "console"});
  options.push_back({"--rehearse", "", "send invented devices and vehicles into the city, also into a real one", ""});
  options.push_back({"--no-rehearsal", "", "invent nothing, also where there is no city", ""});
  options.push_back(
      {"--rehearsal", "HOW", "auto (default), on, links (for `cityloom rehearse --to`), off", "rehearsal"});
  options.push_back({"--bench", "", "open /bench/fixed/BYTES, the ceiling for benchmarks", "bench"});
  return {"serve",
          "Run the twin: APIs, links and console",
          "[OPTION...]",
          "Prints one line with the address when it is ready, stays in the foreground, ends on Ctrl-C.\n",
          std::move(options),
          run_serve};
}

}  // namespace cityloom::app
