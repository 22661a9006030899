// What reeld says to the service manager (sd_notify), and to people: lines on stderr.
//
// Without a manager ($NOTIFY_SOCKET) the first is nothing. Under the journal lines carry its
// priorities, elsewhere the time.
// Thread rule: any thread.
#pragma once

#include <string>

#include "reel/log.h"
#include "reel/time.h"

namespace reel::server {

void NotifyReady();
void NotifyReloading();
void NotifyStopping();
// One line for `systemctl status`; also tells the watchdog that the process lives.
void NotifyAlive(const std::string& status);

// How often NotifyAlive is due: half of what the manager waits; one second without a watchdog.
Duration AliveInterval();

void LogToStderr(LogLevel level, std::string_view message);

}  // namespace reel::server
