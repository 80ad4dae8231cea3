package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"gatehouse/internal/am/backup"
)

func backupCommand() *cobra.Command {
	data := ""
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the data of the authorization server, which may be running",
		Long: "Writes an archive of the data folder, with the embedded store as it is at one moment and the instance key. The server\n" +
			"goes on answering; all that it answered before is in the archive. FILE - is standard output. The archive holds secrets:\n" +
			"keep it as you keep the data. A store in PostgreSQL is backed up with PostgreSQL's means.",
		Example: "  gatehouse backup --data /var/lib/gatehouse gatehouse.tar.gz\n" +
			"  gatehouse backup - | ssh backup.example.com 'cat > gatehouse.tar.gz'",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "-" {
				return backup.Write(c.Context(), data, c.OutOrStdout())
			}
			f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			err = errors.Join(backup.Write(c.Context(), data, f), f.Sync(), f.Close())
			if err != nil {
				return errors.Join(err, os.Remove(args[0]))
			}
			if info, err := os.Stat(args[0]); err == nil {
				fmt.Fprintf(c.ErrOrStderr(), "%s holds all of %s, %.1f MB, with its secrets\n", args[0], data, float64(info.Size())/1e6)
			}
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "./gatehouse-data", "the `folder` of the server")
	return c
}

func restoreCommand() *cobra.Command {
	data := ""
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the data folder of an authorization server from a backup",
		Long: "Makes the data folder from an archive of gatehouse backup, after reading every file of it. The folder must be empty or\n" +
			"not exist. FILE - is standard input.",
		Example: "  gatehouse restore --data /var/lib/gatehouse gatehouse.tar.gz",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var r io.Reader = c.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				r = f
			}
			if err := backup.Restore(r, data); err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "%s is ready: gatehouse am --data %[1]s\n", data)
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "./gatehouse-data", "the `folder` to make")
	return c
}
